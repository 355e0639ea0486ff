//! One attempt at a stage and index. Owns its marker: that it counts only while the run exists, and
//! how many blocks a second attempt stored for nothing.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;
use store::document::AttemptKey;
use store::marker::{Marker, mark};
use store::{Key, Stage};

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
        let marker = context.wait(mark(&*context.store, key, &plan.hash()?, report))?;
        self.check_not_removed()?;
        if marker.attempt != key.attempt {
            Progress::add(&context.progress.garbage, stored.load(Ordering::Relaxed));
        }
        Ok(marker)
    }

    /// Fails if the run was removed, and removes what this attempt has stored since: no reader
    /// would find it, and no later clean-up. A removal takes the plan first. So if the plan is
    /// still there after the marker was inserted, a removal that begins now finds the marker and
    /// the blocks.
    fn check_not_removed(&self) -> Result<(), Error> {
        let Self { context, plan, .. } = self;
        if context.wait(context.store.get(&Key::plan(&context.run)))?.is_some() {
            return Ok(());
        }
        context.wait(context.store.remove_run(&context.run))?;
        check_not_superseded(context, plan)?;
        Err(Error::Removed { run: context.run.to_string() })
    }
}
