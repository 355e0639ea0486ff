//! One attempt at a stage and index. Owns its marker, which counts only while the run exists, and
//! the count of the blocks that a second attempt stored in vain.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;
use store::document::AttemptKey;
use store::marker::{Marker, mark};
use store::{Stage, runs};

use crate::plan::Plan;
use crate::progress::Progress;
use crate::supersede::check_not_superseded;
use crate::{Context, Error};

/// An attempt that stores blocks and ends with a marker.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    pub(crate) context: &'a Context,
    pub(crate) plan: &'a Plan,
    /// The prefix of its blocks.
    pub(crate) key: AttemptKey,
    /// Blocks that its sinks have stored.
    pub(crate) stored: AtomicU64,
}

impl<'a> Attempt<'a> {
    pub(crate) fn new(
        context: &'a Context,
        plan: &'a Plan,
        stage: Stage,
        index: impl Into<u32>,
    ) -> Self {
        let key = context.attempt_key(stage, index.into());
        Self { context, plan, key, stored: AtomicU64::new(0) }
    }

    /// Inserts the marker of this attempt, unless another attempt was first. Returns the marker
    /// that counts.
    ///
    /// # Errors
    /// `Superseded` or `Removed` if the run was removed meanwhile; the blocks of this attempt are
    /// then removed, too.
    pub(crate) fn mark<R: Serialize + DeserializeOwned>(
        &self,
        report: R,
    ) -> Result<Marker<R>, Error> {
        let Self { context, plan, key, stored } = self;
        let marker = context.wait(mark(&*context.store, key, plan.hash(), report))?;
        self.check_not_removed()?;
        if marker.attempt != key.attempt {
            Progress::add(&context.progress.garbage, stored.load(Ordering::Relaxed));
        }
        Ok(marker)
    }

    /// Fails if the run was removed, and removes the blocks that this attempt has stored since.
    fn check_not_removed(&self) -> Result<(), Error> {
        let Self { context, plan, .. } = self;
        if !context.wait(runs::remove_if_removed(&*context.store, &context.run))? {
            return Ok(());
        }
        check_not_superseded(context, plan)?;
        Err(Error::Removed { run: context.run.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use store::StoreError;

    use super::*;
    use crate::blocks::BlockSink;
    use crate::markers;
    use crate::plan::Spec;
    use crate::testing::{Fixture, post};

    /// Stores two blocks under an attempt.
    fn two_blocks(attempt: &Attempt<'_>) {
        let mut sink = BlockSink::new(attempt);
        for name in ["a", "b"] {
            sink.put(name.to_owned(), vec![0; 20]).unwrap();
        }
        sink.finish().unwrap();
    }

    fn planned() -> (Fixture, Plan) {
        let fixture = Fixture::new();
        fixture.file("in", post("love"));
        let plan = fixture.plan("run", &fixture.spec());
        (fixture, plan)
    }

    #[test]
    fn the_first_marker_counts_and_the_blocks_of_the_second_attempt_are_garbage() {
        let (fixture, plan) = planned();
        let garbage = |context: &Context| context.progress.garbage.load(Ordering::Relaxed);
        let contexts = ["first", "second"].map(|attempt| fixture.context("run", attempt));
        let attempts = contexts.each_ref().map(|c| Attempt::new(c, &plan, Stage::Etl, 7_u32));
        attempts.iter().for_each(two_blocks);
        assert_eq!(attempts[0].mark("first".to_owned()).unwrap().report, "first");
        let second = attempts[1].mark("second".to_owned()).unwrap();
        assert_eq!((second.report.as_str(), second.attempt.as_str()), ("first", "first"));
        assert_eq!(contexts.each_ref().map(garbage), [0, 2]);
        // Another index of the same context is first, and adds nothing.
        let other = Attempt::new(&contexts[1], &plan, Stage::Etl, 8_u32);
        two_blocks(&other);
        other.mark("other".to_owned()).unwrap();
        assert_eq!(garbage(&contexts[1]), 2);
    }

    #[test]
    fn an_attempt_at_a_removed_run_leaves_nothing_behind() {
        let (fixture, plan) = planned();
        let context = fixture.context("run", "late");
        let attempt = Attempt::new(&context, &plan, Stage::Etl, 0_u32);
        two_blocks(&attempt);
        context.wait(fixture.store.remove_run(&context.run)).unwrap();
        two_blocks(&attempt);
        let error = attempt.mark("report".to_owned()).unwrap_err();
        assert!(matches!(error, Error::Removed { .. }), "{error}");
        let block = context.wait(fixture.store.get_block(&attempt.key.block("a")));
        assert!(matches!(block, Err(StoreError::Missing { .. })), "{block:?}");
        let marker: Option<Marker<String>> =
            markers::finished(&context, &plan, Stage::Etl, 0_u32).unwrap();
        assert_eq!(marker, None);
        // If a later run has published, the error is another.
        fixture.publish("later", 9);
        let error = attempt.mark("report".to_owned()).unwrap_err();
        assert!(matches!(error, Error::Superseded { generation: 1, .. }), "{error}");
    }

    #[test]
    fn a_marker_of_another_plan_is_refused() {
        let (fixture, plan) = planned();
        let context = fixture.context("run", "attempt");
        Attempt::new(&context, &plan, Stage::Etl, 0_u32).mark("report".to_owned()).unwrap();
        let spec = Spec { max_record_size: 7, ..fixture.spec() };
        let other = fixture.plan("other", &spec);
        let found = markers::finished::<String>(&context, &other, Stage::Etl, 0_u32);
        let Err(Error::PlanMismatch { stored, expected, .. }) = found else { panic!("{found:?}") };
        assert_eq!((&*stored, &*expected), (plan.hash(), other.hash()));
    }
}
