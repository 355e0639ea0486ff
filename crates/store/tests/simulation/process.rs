//! The processes of a simulation. Each calls the functions that a program calls, in the same order;
//! its data is one block and one marker per stage.

use std::path::Path;

use serde::{Deserialize, Serialize};
use store::document::{AttemptKey, insert_document, read_document};
use store::generations::{self, Publication, PublicationStatus};
use store::marker::{mark, marker};
use store::retention::{
    GcOptions, Outcome, Reason, Retention, clean_up, clean_up_source, gc, purge,
};
use store::runs::{self, Beginning};
use store::{
    AttemptId, Key, RunId, RunLock, SourceName, Stage, Store as _, StoreError, TrendJobUid,
};

use crate::world::SimStore;

/// The source with three results.
pub(crate) const S: &str = "s";
/// The source with two results.
pub(crate) const T: &str = "t";

/// The time, in seconds, that a purge leaves to readers.
pub(crate) const READERS: u64 = 3;

pub(crate) fn run(name: &str) -> RunId {
    RunId::new(&format!("{name}-0")).expect("a valid name")
}

/// The report of a marker: the names of its blocks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    block: String,
}

/// The part of a plan that the store reads.
#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    start: u64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Process<'a> {
    pub(crate) store: &'a SimStore,
    /// Makes the names of attempts unique.
    pub(crate) number: usize,
    pub(crate) grace: u64,
    pub(crate) source: &'static str,
    /// The folder of the locks, if the store is one.
    pub(crate) folder: Option<&'a Path>,
}

impl Process<'_> {
    pub(crate) fn source(&self) -> SourceName {
        SourceName::new(self.source).expect("a valid name")
    }

    fn now(&self) -> String {
        trends::time::rfc3339(i64::try_from(self.store.now()).expect("a small time"))
    }

    fn attempt(&self, run: &RunId, stage: Stage) -> AttemptKey {
        let attempt = AttemptId::new(&format!("pod-{}", self.number)).expect("a valid name");
        AttemptKey { run: run.clone(), stage, index: 0, attempt }
    }

    pub(crate) async fn publish_and_clean_up(&self, name: &str) -> Result<(), StoreError> {
        let run = run(name);
        if self.ends_well(&run, self.publish(&run, true).await)? {
            self.store.remove_blocks(&run, Stage::Etl).await?;
            self.clean_up().await?;
        }
        Ok(())
    }

    /// Returns true if a run is published. Only a run with a mark may be removed while a process
    /// works on it.
    fn ends_well(
        &self,
        run: &RunId,
        ended: Result<Option<PublicationStatus>, StoreError>,
    ) -> Result<bool, StoreError> {
        match ended {
            Ok(Some(status)) => Ok(matches!(status, PublicationStatus::Published(_))),
            // The pods of a run that is removed miss what they read.
            Ok(None) | Err(StoreError::Refused(_) | StoreError::Missing { .. }) => {
                if !self.store.is_marked(run) {
                    self.store.broken(format!("{run} was removed under way, without a mark"));
                }
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Runs all stages of a run; `None` if it was removed meanwhile.
    pub(crate) async fn publish(
        &self,
        run: &RunId,
        workers: bool,
    ) -> Result<Option<PublicationStatus>, StoreError> {
        let plan = match read_document::<Plan>(self.store, &Key::plan(run)).await? {
            Some(plan) => Some(plan.start),
            None => self.plan(run, workers).await?,
        };
        match plan {
            Some(start) => self.follow(run, start).await,
            None => Ok(None),
        }
    }

    /// Begins a run and stores its plan. Returns its start number; `None` if it was removed.
    pub(crate) async fn plan(&self, run: &RunId, workers: bool) -> Result<Option<u64>, StoreError> {
        let (store, source, now) = (self.store, &self.source(), Some(self.store.now()));
        let beginning = Beginning { run, source, now, workers };
        let Some(start) = runs::begin(store, &beginning).await? else { return Ok(None) };
        let attempt = self.attempt(run, Stage::Plan);
        let (plan, is_mine) =
            insert_document(store, &Key::plan(run), &attempt, Plan { start }).await?;
        if is_mine && runs::remove_if_marked(store, run).await? {
            return Ok(None);
        }
        Ok(Some(plan.start))
    }

    /// Runs the stages of a plan, and publishes their result.
    async fn follow(
        &self,
        run: &RunId,
        start: u64,
    ) -> Result<Option<PublicationStatus>, StoreError> {
        for stage in [Stage::Etl, Stage::Publish] {
            if !self.store_stage(run, stage).await? {
                return Ok(None);
            }
        }
        let (published_at, source) = (&*self.now(), &self.source());
        let publication = Publication { source, run, start, published_at, incomplete: false };
        generations::publish(self.store, &publication).await.map(Some)
    }

    /// Stores a block and the marker of a stage. Returns false if the run was removed meanwhile.
    async fn store_stage(&self, run: &RunId, stage: Stage) -> Result<bool, StoreError> {
        let store = self.store;
        if marker::<Report>(store, run, stage, 0).await?.is_some() {
            return Ok(true);
        }
        let attempt = self.attempt(run, stage);
        store.put_block(&attempt.block("x"), "data".into()).await?;
        mark(store, &attempt, "hash", Report { block: "x".to_owned() }).await?;
        Ok(!runs::remove_if_removed(store, run).await?)
    }

    pub(crate) async fn late_pod(&self) -> Result<(), StoreError> {
        let (store, run) = (self.store, run("a"));
        let attempt = self.attempt(&run, Stage::Etl);
        store.put_block(&attempt.block("late"), "data".into()).await?;
        mark(store, &attempt, "hash", Report { block: "late".to_owned() }).await?;
        runs::remove_if_removed(store, &run).await.map(drop)
    }

    /// Plans a run that has a plan, and goes on as any plan pod of a small run.
    pub(crate) async fn late_plan_pod(&self, name: &str) -> Result<(), StoreError> {
        let run = run(name);
        let ended = match self.plan(&run, true).await? {
            Some(start) => self.follow(&run, start).await,
            None => Ok(None),
        };
        if self.ends_well(&run, ended)? {
            self.store.remove_blocks(&run, Stage::Etl).await?;
        }
        Ok(())
    }

    /// Starts or resumes a run with its lock, as `trendjob run` does.
    pub(crate) async fn run_locally(&self, name: &str) -> Result<(), StoreError> {
        let (store, run) = (self.store, run(name));
        let Some(folder) = self.folder else { return Ok(()) };
        let Some(lock) = RunLock::acquire(folder, &run)? else { return Ok(()) };
        let resumes = name == "m";
        if resumes && store.get(&Key::run(&run)).await?.is_none() {
            lock.discard();
            return Ok(());
        }
        self.clean_up_locally().await?;
        if self.ends_well(&run, self.publish(&run, false).await)? {
            store.remove_blocks(&run, Stage::Etl).await?;
        }
        drop(lock);
        Ok(())
    }

    pub(crate) async fn roll_back(&self, to: u64) -> Result<(), StoreError> {
        generations::rollback(self.store, &self.source(), to, &self.now()).await.map(drop)
    }

    pub(crate) async fn purge(&self, name: &str) -> Result<(), StoreError> {
        let uid = TrendJobUid::new(name).expect("a valid name");
        let readers = self.store.wait(READERS);
        purge(self.store, &self.source(), &uid, &self.now(), readers).await.map(drop)
    }

    const fn retention(&self) -> Retention {
        Retention { runs: 2, grace: self.grace }
    }

    pub(crate) async fn clean_up(&self) -> Result<(), StoreError> {
        let (source, now) = (self.source(), self.store.now());
        clean_up_source(self.store, &source, self.retention(), now).await.map(drop)
    }

    pub(crate) async fn clean_up_locally(&self) -> Result<(), StoreError> {
        let Some(folder) = self.folder else { return Ok(()) };
        clean_up(self.store, folder, self.retention(), self.store.now()).await.map(drop)
    }

    /// Cleans up by hand. A run that is younger than `older_than` is never abandoned.
    pub(crate) async fn gc(&self, older_than: u64) -> Result<(), StoreError> {
        let (now, grace) = (self.store.now(), self.grace);
        let options = GcOptions { now, older_than, grace, dry_run: false };
        let young = self.store.begun_after(now.saturating_sub(older_than));
        for found in gc(self.store, self.folder, options).await? {
            let is_abandoned = matches!(found.reason, Reason::Abandoned | Reason::Interrupted);
            let is_gone = matches!(found.outcome, Outcome::Removed | Outcome::Retired);
            if is_abandoned && is_gone && young.contains(found.run.as_str()) {
                self.store.broken(format!("{} was abandoned too early", found.run));
            }
        }
        Ok(())
    }
}
