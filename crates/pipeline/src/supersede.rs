//! Runs that a later run of the source has overtaken. Owns what that means for the earlier one: its
//! result is not needed, and blocks that it misses were cleaned up, not damaged.

use store::{StoreError, generations};

use crate::plan::Plan;
use crate::{Context, Error};

/// Fails with `Superseded` if a later run of the source has been published.
pub fn check_not_superseded(context: &Context, plan: &Plan) -> Result<(), Error> {
    let newest = context.wait(generations::newest(&*context.store, &plan.source, 0))?;
    match newest {
        Some(newest) if newest.highest_start > plan.start => Err(Error::Superseded {
            source_name: plan.source.to_string(),
            generation: newest.generation,
        }),
        _ => Ok(()),
    }
}

/// Does a piece of work. If it misses a block that a marker refers to, fails with `Superseded` if a
/// later run has been published: the clean-up after it removed this run's blocks.
pub(crate) fn unless_superseded<T>(
    context: &Context,
    plan: &Plan,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    work().or_else(|error| {
        if matches!(error, Error::Store(StoreError::Missing { .. })) {
            check_not_superseded(context, plan)?;
        }
        Err(error)
    })
}
