//! Runs that a later run of the source has overtaken. Owns the consequences for the earlier run:
//! its result is not needed, and blocks that it misses were cleaned up, not damaged.

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

/// Does `work`. If a block that a marker refers to is missing and a later run has been published,
/// fails with `Superseded`: the clean-up after the later run removed this run's blocks.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Fixture, post};

    fn missing() -> Result<(), Error> {
        Err(StoreError::Missing { key: "a block".to_owned() }.into())
    }

    #[test]
    fn only_a_missing_block_of_an_overtaken_run_means_superseded() {
        let fixture = Fixture::new();
        fixture.file("in", post("love"));
        let plan = fixture.plan("run", &fixture.spec());
        let context = fixture.context("run", "attempt");
        // The run's own result overtakes nothing.
        fixture.publish("run", plan.start);
        let error = unless_superseded(&context, &plan, missing).unwrap_err();
        assert_eq!(error.reason(), "StoreDamaged");
        fixture.publish("later", plan.start + 1);
        let error = unless_superseded(&context, &plan, missing).unwrap_err();
        assert!(matches!(error, Error::Superseded { generation: 2, .. }), "{error}");
        let defect = || Err::<(), _>(Error::Defect("something else"));
        let error = unless_superseded(&context, &plan, defect).unwrap_err();
        assert!(matches!(error, Error::Defect(_)), "{error}");
        unless_superseded(&context, &plan, || Ok(())).unwrap();
    }
}
