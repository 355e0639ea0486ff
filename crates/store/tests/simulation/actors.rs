//! The processes of a simulation. Each calls the functions that the programs call, in their order;
//! data is one block and one marker per stage. Owns what each process does and expects.

use serde::{Deserialize, Serialize};
use store::document::{AttemptKey, insert_document, read_document};
use store::generations::{self, Generation, Publication, PublicationStatus, Visible};
use store::marker::{mark, marker};
use store::retention::{GcOptions, Retention, clean_up_source, gc, purge};
use store::runs::{self, Beginning};
use store::{AttemptId, Key, RunId, SourceName, Stage, Store as _, StoreError, TrendJobUid};

use crate::world::SimStore;

/// The source of all runs.
pub(crate) fn source() -> SourceName {
    SourceName::new("s").expect("a valid name")
}

pub(crate) fn run(name: &str) -> RunId {
    RunId::new(&format!("{name}-0")).expect("a valid name")
}

/// A process. The runs `a-0`, `b-0` and `c-0` are published before the simulation begins, in this
/// order, and the retention is two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Plans, counts and publishes `d-0`, then cleans up.
    PublishD,
    /// Plans, counts and publishes `e-0`, then cleans up.
    PublishE,
    /// Shows the first generation, of `a-0`, again.
    RollBackToA,
    /// Shows the second generation, of `b-0`, again.
    RollBackToB,
    PurgeA,
    PurgeB,
    PurgeC,
    PurgeD,
    /// Cleans up as a publisher does.
    CleanUp,
    /// Cleans up by hand.
    Gc,
    /// A pod of `a-0` that was slow: it stores a block and its marker.
    LatePod,
    /// Reads the visible result, three times.
    Reader,
    /// Opens the visible result and reads its block later.
    SlowReader,
}

impl Actor {
    pub(crate) const ALL: [Self; 13] = [
        Self::PublishD,
        Self::PublishE,
        Self::RollBackToA,
        Self::RollBackToB,
        Self::PurgeA,
        Self::PurgeB,
        Self::PurgeC,
        Self::PurgeD,
        Self::CleanUp,
        Self::Gc,
        Self::LatePod,
        Self::Reader,
        Self::SlowReader,
    ];

    /// Processes that want different things of one run.
    pub(crate) const RIVALS: [&[Self]; 8] = [
        &[Self::PublishD, Self::PurgeD],
        &[Self::RollBackToA, Self::PurgeA],
        &[Self::RollBackToA, Self::CleanUp],
        &[Self::RollBackToB, Self::PurgeB],
        &[Self::PurgeC, Self::PurgeB],
        &[Self::LatePod, Self::PurgeA],
        &[Self::LatePod, Self::CleanUp, Self::RollBackToA],
        &[Self::PublishD, Self::PublishD, Self::PurgeD],
    ];

    /// Does the work of the process. `grace` is the grace of retired runs, in seconds.
    pub(crate) async fn act(self, store: SimStore, number: usize, grace: u64) {
        let process = Process { store: &store, number, grace };
        let ended = match self {
            Self::PublishD => process.publish("d", true).await,
            Self::PublishE => process.publish("e", true).await,
            Self::RollBackToA => process.roll_back(1).await,
            Self::RollBackToB => process.roll_back(2).await,
            Self::PurgeA => process.purge("a").await,
            Self::PurgeB => process.purge("b").await,
            Self::PurgeC => process.purge("c").await,
            Self::PurgeD => process.purge("d").await,
            Self::CleanUp => process.clean_up().await,
            Self::Gc => process.gc(u64::MAX).await,
            Self::LatePod => process.late_pod().await,
            Self::Reader => process.read().await,
            Self::SlowReader => process.read_slowly().await,
        };
        match ended {
            // The pods of a run that is removed miss what they read.
            Ok(()) | Err(StoreError::Refused(_)) => {}
            Err(StoreError::Missing { .. }) if matches!(self, Self::PublishD | Self::PublishE) => {}
            Err(error) => store.broken(format!("{self:?} failed: {error}")),
        }
    }
}

/// The report of a marker: the names of its blocks.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    block: String,
}

/// The part of a plan that the store reads.
#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    start: u64,
}

pub(crate) struct Process<'a> {
    pub(crate) store: &'a SimStore,
    /// Makes the names of attempts unique.
    pub(crate) number: usize,
    pub(crate) grace: u64,
}

impl Process<'_> {
    fn now(&self) -> String {
        trends::time::rfc3339(i64::try_from(self.store.now()).expect("a small time"))
    }

    fn attempt(&self, run: &RunId, stage: Stage) -> AttemptKey {
        let attempt = AttemptId::new(&format!("pod-{}", self.number)).expect("a valid name");
        AttemptKey { run: run.clone(), stage, index: 0, attempt }
    }

    /// Runs all stages of a run, and cleans up then if `cleans_up`.
    pub(crate) async fn publish(&self, name: &str, cleans_up: bool) -> Result<(), StoreError> {
        let (store, run, source) = (self.store, run(name), source());
        let key = Key::plan(&run);
        let plan = if let Some(plan) = read_document::<Plan>(store, &key).await? {
            plan
        } else {
            let now = Some(store.now());
            let beginning = Beginning { run: &run, source: &source, now, workers: true };
            let Some(start) = runs::begin(store, &beginning).await? else { return Ok(()) };
            let attempt = self.attempt(&run, Stage::Plan);
            let (plan, is_mine) = insert_document(store, &key, &attempt, Plan { start }).await?;
            if is_mine && runs::remove_if_marked(store, &run).await? {
                return Ok(());
            }
            plan
        };
        for stage in [Stage::Etl, Stage::Publish] {
            if !self.store_stage(&run, stage).await? {
                return Ok(());
            }
        }
        let (start, published_at) = (plan.start, &*self.now());
        let (run, source) = (&run, &source);
        let publication = Publication { source, run, start, published_at, incomplete: false };
        match generations::publish(store, &publication).await? {
            PublicationStatus::Superseded(_) => Ok(()),
            PublicationStatus::Published(_) => {
                store.remove_blocks(run, Stage::Etl).await?;
                if cleans_up { self.clean_up().await } else { Ok(()) }
            }
        }
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

    async fn late_pod(&self) -> Result<(), StoreError> {
        let (store, run) = (self.store, run("a"));
        let attempt = self.attempt(&run, Stage::Etl);
        store.put_block(&attempt.block("late"), "data".into()).await?;
        mark(store, &attempt, "hash", Report { block: "late".to_owned() }).await?;
        runs::remove_if_removed(store, &run).await.map(drop)
    }

    async fn roll_back(&self, to: u64) -> Result<(), StoreError> {
        generations::rollback(self.store, &source(), to, &self.now()).await.map(drop)
    }

    async fn purge(&self, name: &str) -> Result<(), StoreError> {
        let uid = TrendJobUid::new(name).expect("a valid name");
        purge(self.store, &source(), &uid, &self.now(), async {}).await.map(drop)
    }

    pub(crate) async fn clean_up(&self) -> Result<(), StoreError> {
        let retention = Retention { runs: 2, grace: self.grace };
        clean_up_source(self.store, &source(), retention, self.store.now()).await.map(drop)
    }

    pub(crate) async fn gc(&self, older_than: u64) -> Result<(), StoreError> {
        let (now, grace) = (self.store.now(), self.grace);
        let options = GcOptions { now, older_than, grace, dry_run: false };
        gc(self.store, None, options).await.map(drop)
    }

    async fn read(&self) -> Result<(), StoreError> {
        for _ in 0..3 {
            let Some(newest) = generations::newest(self.store, &source(), 0).await? else {
                continue;
            };
            let mut visible = Visible::new(self.store, newest);
            while let Some(entry) = visible.entry() {
                match self.read_result(&entry).await {
                    Ok(()) => break,
                    Err(missing @ StoreError::Missing { .. }) => visible.skip(missing).await?,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    async fn read_result(&self, entry: &Generation) -> Result<(), StoreError> {
        let attempt = self.open(entry).await?;
        self.store.get_block(&attempt.block("x")).await.map(drop)
    }

    async fn open(&self, entry: &Generation) -> Result<AttemptKey, StoreError> {
        let key = Key::marker(&entry.run, Stage::Publish, 0);
        let found = marker::<Report>(self.store, &entry.run, Stage::Publish, 0).await?;
        let found = found.ok_or_else(|| StoreError::Missing { key: key.to_string() })?;
        Ok(found.attempt_key(&entry.run, Stage::Publish, 0))
    }

    /// A result that was visible a moment ago stays readable for the grace, unless it is purged.
    async fn read_slowly(&self) -> Result<(), StoreError> {
        let Some(newest) = generations::newest(self.store, &source(), 0).await? else {
            return Ok(());
        };
        let mut visible = Visible::new(self.store, newest);
        let opened = loop {
            let Some(entry) = visible.entry() else { return Ok(()) };
            match self.open(&entry).await {
                Ok(attempt) => break (entry.run, attempt),
                Err(missing @ StoreError::Missing { .. }) => visible.skip(missing).await?,
                Err(error) => return Err(error),
            }
        };
        let (since, (run, attempt)) = (self.store.now(), opened);
        for _ in 0..6 {
            let read = self.store.get_block(&attempt.block("x")).await;
            let within = self.store.now() < since + self.grace;
            if let Err(error) = read
                && within
                && !self.store.is_purged(&run)
            {
                return Err(error);
            }
        }
        Ok(())
    }
}
