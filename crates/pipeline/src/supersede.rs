//! Whether a later run of the source has published. Owns what that means for an earlier one: it is
//! not needed, and what it misses was cleaned away, not damaged.

use store::{StoreError, generations};

use crate::plan::Plan;
use crate::{Context, Error};

/// That a run which was started later has published.
///
/// # Errors
/// `Superseded` if one has.
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

/// Does a piece of work; if it finds nothing where a marker says there is something, a later run may
/// have published and clean-up removed this one's data.
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
