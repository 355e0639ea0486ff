//! Reads a whole store and names what is damaged, missing or not referred to. Owns the rules of what
//! belongs together; changes nothing. The memory holds one marker, the names of sources, and the
//! names of runs that have no record.

mod logs;
mod references;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::error::Error as _;

use futures::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use store::check::check_value;
use store::document::{AttemptKey, document_of, pieces, read_block};
use store::{BlockKey, Key, ListedKey, Part, RunId, SourceName, Stage, Store, StoreError, runs};
use trends::format::open_any;
use trends::result::BlockRef;

use logs::LogSeen;
use references::{References, references};

/// The most blocks that are read at once.
const AT_ONCE: usize = 8;

/// The most failed reads in a row: then the store is out of reach, not a value of it.
const MAX_FAILED: u32 = 16;

/// The numbers of what was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckCounts {
    /// Runs with a record.
    pub runs: u64,
    /// Plans and markers.
    pub documents: u64,
    /// Entries of the logs.
    pub entries: u64,
    /// Marks of retired runs and purged TrendJobs.
    pub marks: u64,
    /// Blocks that a marker or a document names.
    pub blocks: u64,
    /// Bytes of all these.
    pub bytes: u64,
}

/// The fault of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// It can't be read, or its bytes are not those that were written.
    Damaged,
    /// It does not exist although another value refers to it.
    Missing,
    /// Nothing refers to it: it takes space, and no result needs it.
    Unreferenced,
}

/// A value that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The sort of fault.
    pub fault: Fault,
    /// The value and its fault, in a sentence.
    pub message: String,
}

/// Receives what a check finds.
pub trait CheckWatcher: Send {
    /// Takes a finding.
    fn found(&mut self, finding: Finding);

    /// Takes the numbers of what was read, now and then.
    fn read(&mut self, counts: &CheckCounts);
}

/// Reads all values of a store, and tells `watcher` about each that is not as it should be. Values
/// that are written or removed meanwhile are never called damaged or missing; some may be called
/// unreferenced, because their marker is not written yet.
///
/// # Errors
/// If the store can't be listed, or many reads in a row fail.
pub async fn check_store(
    store: &dyn Store,
    watcher: &mut dyn CheckWatcher,
) -> Result<CheckCounts, StoreError> {
    let mut check = Check::new(store, watcher);
    for part in Part::ALL {
        let mut keys = store.list(part);
        while let Some(key) = keys.try_next().await? {
            check.key(key).await?;
            check.watcher.read(&check.counts);
        }
        check.end_of_garbage();
    }
    check.logs().await?;
    Ok(check.counts)
}

/// Returns true if the contents of a run's result are stored: from then on its partials may go.
async fn is_finished(store: &dyn Store, run: &RunId) -> Result<bool, StoreError> {
    Ok(store.get(&Key::marker(run, Stage::Publish, 0)).await?.is_some())
}

/// An attempt, and the names of its blocks that count.
type NamedBlocks = (AttemptKey, BTreeSet<String>);

struct Check<'a> {
    store: &'a dyn Store,
    watcher: &'a mut dyn CheckWatcher,
    counts: CheckCounts,
    /// Failed reads since the last one that succeeded.
    failed: u32,
    logs: BTreeMap<(&'static str, SourceName), LogSeen>,
    /// The runs without a record that were told already.
    orphans: HashSet<RunId>,
    /// The run of the last key, and true if it has a record.
    last_run: Option<(RunId, bool)>,
    /// The last document whose blocks were looked up: its key, its attempt and its blocks.
    last_document: Option<(Key, Option<NamedBlocks>)>,
    /// The last attempt with blocks that nothing names, and their number.
    garbage: Option<(AttemptKey, u64)>,
}

impl<'a> Check<'a> {
    fn new(store: &'a dyn Store, watcher: &'a mut dyn CheckWatcher) -> Self {
        Self {
            store,
            watcher,
            counts: CheckCounts::default(),
            failed: 0,
            logs: BTreeMap::new(),
            orphans: HashSet::new(),
            last_run: None,
            last_document: None,
            garbage: None,
        }
    }

    async fn key(&mut self, key: ListedKey) -> Result<(), StoreError> {
        match key {
            ListedKey::Value(key) => self.value(key).await,
            ListedKey::Block(key) => self.listed_block(&key).await,
            ListedKey::Foreign(name) => {
                self.found(Fault::Unreferenced, format!("{name} is no name of a value of a store"));
                Ok(())
            }
        }
    }

    async fn value(&mut self, key: Key) -> Result<(), StoreError> {
        let length = check_value(self.store, &key).await;
        let Some(length) = self.judged(length)?.flatten() else { return Ok(()) };
        self.counts.bytes += length;
        match key {
            Key::Run(run) => {
                self.counts.runs += 1;
                self.planned(&run).await
            }
            Key::Plan(run) => {
                self.counts.documents += 1;
                self.recorded(&run).await
            }
            Key::Marker { run, stage, index } => {
                self.counts.documents += 1;
                self.recorded(&run).await?;
                self.marker(&run, stage, index).await?;
                if stage == Stage::Publish { self.published(&run).await } else { Ok(()) }
            }
            Key::Entry { log, source, n } => {
                self.counts.entries += 1;
                self.logs.entry((log.name(), source)).or_default().add(n);
                Ok(())
            }
            Key::Retired(_) | Key::Purged(_) => {
                self.counts.marks += 1;
                Ok(())
            }
        }
    }

    /// Reports a run without a plan.
    async fn planned(&mut self, run: &RunId) -> Result<(), StoreError> {
        if self.store.get(&Key::plan(run)).await?.is_none() {
            let why = "its planning has not ended, or it died; or its removal was cut short";
            self.found(Fault::Unreferenced, format!("run {run} has a record and no plan: {why}"));
        }
        Ok(())
    }

    /// Reports a run without a record, once.
    async fn recorded(&mut self, run: &RunId) -> Result<(), StoreError> {
        if self.last_run.as_ref().is_none_or(|(last, _)| last != run) {
            let has_record = self.store.get(&Key::run(run)).await?.is_some();
            self.last_run = Some((run.clone(), has_record));
        }
        let has_record = self.last_run.as_ref().is_some_and(|(_, has_record)| *has_record);
        if !has_record && self.orphans.insert(run.clone()) {
            let why = "a late attempt stored it after the run was removed";
            self.found(Fault::Unreferenced, format!("run {run} has data and no record: {why}"));
        }
        Ok(())
    }

    /// Reads the blocks that a marker names. Partials go once a run is published.
    async fn marker(&mut self, run: &RunId, stage: Stage, index: u32) -> Result<(), StoreError> {
        let found = references(self.store, run, stage, index).await;
        let Some(References { attempt, blocks }) = self.judged(found)?.flatten() else {
            return Ok(());
        };
        if stage == Stage::Etl && is_finished(self.store, run).await? {
            return Ok(());
        }
        self.blocks(&attempt, &blocks).await
    }

    /// Reports a run that has ended, but is in no log.
    async fn published(&mut self, run: &RunId) -> Result<(), StoreError> {
        // Damage of the record, the plan or the log is reported for itself.
        let is_published = match runs::is_published(self.store, run).await {
            Err(error) if error.is_retryable() => return Err(error),
            is_published => is_published.unwrap_or(true),
        };
        if is_published {
            return Ok(());
        }
        let record = match runs::read(self.store, run).await {
            Err(error) if error.is_retryable() => return Err(error),
            record => record.ok().flatten(),
        };
        let Some(record) = record else { return Ok(()) };
        if !self.goes(run).await? {
            let why = "a later run is published, it is about to be published, or its entry is lost";
            let source = record.source;
            let message = format!(
                "run {run} is finished, but no entry of the log of {source} names it: {why}; a clean-up removes it"
            );
            self.found(Fault::Unreferenced, message);
        }
        Ok(())
    }

    async fn blocks(
        &mut self,
        attempt: &AttemptKey,
        blocks: &[BlockRef],
    ) -> Result<(), StoreError> {
        let store = self.store;
        let reads = blocks.iter().map(|block| async move {
            let bytes = read_block(store, attempt, block).await?;
            match open_any(&bytes) {
                Ok(_) => Ok(bytes.len() as u64),
                Err(error) => {
                    Err(StoreError::undecodable(attempt.block(&block.name).to_string(), &error))
                }
            }
        });
        let mut reads = futures::stream::iter(reads).buffered(AT_ONCE);
        while let Some(read) = reads.next().await {
            if matches!(read, Err(StoreError::Missing { .. })) && self.goes(&attempt.run).await? {
                return Ok(());
            }
            if let Some(length) = self.judged(read)? {
                self.counts.blocks += 1;
                self.counts.bytes += length;
            }
        }
        Ok(())
    }

    /// Returns true if a run is removed or about to be.
    async fn goes(&self, run: &RunId) -> Result<bool, StoreError> {
        Ok(runs::is_marked(self.store, run).await?
            || self.store.get(&Key::plan(run)).await?.is_none())
    }

    /// Counts a listed block if nothing names it.
    async fn listed_block(&mut self, key: &BlockKey) -> Result<(), StoreError> {
        let BlockKey { run, stage, index, attempt, name } = key;
        self.recorded(run).await?;
        let (document, is_piece) = match document_of(key) {
            Some(Stage::Plan) => (Key::plan(run), true),
            Some(stage) => (Key::marker(run, stage, *index), true),
            None => (Key::marker(run, *stage, *index), false),
        };
        if self.last_document.as_ref().is_none_or(|(last, _)| *last != document) {
            let named = self.named(&document, is_piece).await?;
            self.last_document = Some((document, named));
        }
        let named = self.last_document.as_ref().and_then(|(_, named)| named.as_ref());
        if named.is_some_and(|(owner, names)| owner.attempt == *attempt && names.contains(name)) {
            return Ok(());
        }
        let owner =
            AttemptKey { run: run.clone(), stage: *stage, index: *index, attempt: attempt.clone() };
        match &mut self.garbage {
            Some((last, number)) if *last == owner => *number += 1,
            _ => {
                self.end_of_garbage();
                self.garbage = Some((owner, 1));
            }
        }
        Ok(())
    }

    /// The attempt and the names of the blocks of a document, or of those that it names. A damaged
    /// document was reported when it was listed, and names nothing.
    async fn named(
        &self,
        document: &Key,
        is_piece: bool,
    ) -> Result<Option<NamedBlocks>, StoreError> {
        let found = if is_piece {
            pieces(self.store, document).await
        } else if let Key::Marker { run, stage, index } = document {
            let found = references(self.store, run, *stage, *index).await;
            found.map(|found| found.map(|References { attempt, blocks }| (attempt, blocks)))
        } else {
            Ok(None)
        };
        match found {
            Ok(found) => Ok(found.map(|(attempt, blocks)| {
                (attempt, blocks.into_iter().map(|block| block.name).collect())
            })),
            Err(error) if error.is_retryable() => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Reports the blocks of the last attempt that nothing names.
    fn end_of_garbage(&mut self) {
        if let Some((AttemptKey { run, stage, index, attempt }, number)) = self.garbage.take() {
            let message = format!(
                "no marker names {number} blocks of attempt {attempt} at {stage} {index} of run {run}: it was slower than another one, died, or is under way"
            );
            self.found(Fault::Unreferenced, message);
        }
    }

    fn found(&mut self, fault: Fault, message: String) {
        self.watcher.found(Finding { fault, message });
    }

    /// Reports a failed read, and returns what a successful one has read.
    ///
    /// # Errors
    /// The failure itself, if many reads in a row failed.
    fn judged<T>(&mut self, read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        let error = match read {
            Ok(read) => {
                self.failed = 0;
                return Ok(Some(read));
            }
            Err(error) => error,
        };
        if matches!(error, StoreError::Unavailable { .. } | StoreError::Denied { .. }) {
            self.failed += 1;
            if self.failed > MAX_FAILED {
                return Err(error);
            }
        }
        let causes = std::iter::successors(error.source(), |&error| error.source());
        let message = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
        let is_missing = matches!(error, StoreError::Missing { .. } | StoreError::LostEntry(_));
        self.found(if is_missing { Fault::Missing } else { Fault::Damaged }, message);
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
