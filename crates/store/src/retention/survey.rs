//! The runs of a store by source, each with its record, its marks and its publication. Owns the
//! reading; judges nothing.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _};
use trends::time::event_time;

use super::{CleanUp, READERS};
use crate::generations::{Generation, Publications, end, read};
use crate::marks::{Marks, marks};
use crate::runs::{self, RunRecord};
use crate::{RunId, SourceName, StoreError};

/// The most runs that are read at once.
const AT_ONCE: usize = 16;

/// The runs of a store.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Runs with data and no record.
    pub(super) without_record: Vec<RunId>,
    pub(super) sources: Vec<SourceRuns>,
    /// The first source or record that can't be read: its runs are left alone.
    pub(super) failed: Option<StoreError>,
}

/// The runs of a source.
#[derive(Debug)]
pub(super) struct SourceRuns {
    pub(super) source: SourceName,
    /// True if all rules hold for the source, false if its runs are judged by their age alone.
    pub(super) in_scope: bool,
    /// The newest entry of its log.
    pub(super) newest: Option<Generation>,
    /// The runs that were visible a moment ago, each with the time at which it was hidden:
    /// `u64::MAX` if it is visible. A reader may have them open.
    pub(super) recently_visible: Vec<(RunId, u64)>,
    pub(super) found: Vec<FoundRun>,
}

impl SourceRuns {
    /// Returns true if a run is visible or was hidden less than `seconds` before `now`.
    pub(super) fn was_visible(&self, run: &RunId, seconds: u64, now: u64) -> bool {
        let is_recent = |hidden: u64| hidden.saturating_add(seconds) > now;
        self.recently_visible.iter().any(|(other, hidden)| other == run && is_recent(*hidden))
    }
}

/// A run with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundRun {
    pub(super) run: RunId,
    /// Its start number, `None` if it has none yet.
    pub(super) start: Option<u64>,
    /// The time of its beginning, in seconds since the epoch; `None` in earlier releases.
    pub(super) began: Option<u64>,
    /// True if workers run it.
    pub(super) workers: bool,
    pub(super) marks: Marks,
    /// True if an entry published it.
    pub(super) is_published: bool,
}

/// Reads what a clean-up needs. The runs are listed before the logs: a run that begins from now on
/// is left alone.
pub(super) async fn survey(clean_up: &CleanUp<'_>) -> Result<Survey, StoreError> {
    let store = clean_up.store;
    let runs = store.runs().await?;
    let read = async |run: RunId| {
        let record = runs::read(store, &run).await;
        Ok::<_, StoreError>((run, record))
    };
    let read = futures::stream::iter(runs.into_iter().map(read)).buffered(AT_ONCE);
    let read: Vec<_> = read.try_collect().await?;
    let mut survey = Survey::default();
    let mut sources: BTreeMap<SourceName, Vec<(RunId, RunRecord)>> = BTreeMap::new();
    for (run, record) in read {
        match record {
            Ok(Some(record)) => {
                sources.entry(record.source.clone()).or_default().push((run, record));
            }
            Ok(None) => survey.without_record.push(run),
            Err(error) => {
                tracing::warn!(%run, %error, "a run is left alone: its record can't be read");
                survey.failed = survey.failed.take().or(Some(error));
            }
        }
    }
    for (source, mut runs) in sources {
        let in_scope = clean_up.scope.is_none_or(|scope| *scope == source);
        if !in_scope {
            runs.retain(|(_, record)| clean_up.rules.is_old(record.began));
        }
        if !runs.is_empty() {
            match source_runs(clean_up, source.clone(), in_scope, runs).await {
                Ok(runs) => survey.sources.push(runs),
                Err(error) => {
                    tracing::warn!(%source, %error, "the runs of a source are left alone");
                    survey.failed = survey.failed.take().or(Some(error));
                }
            }
        }
    }
    Ok(survey)
}

async fn source_runs(
    clean_up: &CleanUp<'_>,
    source: SourceName,
    in_scope: bool,
    runs: Vec<(RunId, RunRecord)>,
) -> Result<SourceRuns, StoreError> {
    let store = clean_up.store;
    let newest = end(store, &source, 0).await?;
    let publications = newest.as_ref().map(|newest| Publications::new(store, newest));
    let find = async |(run, record): (RunId, RunRecord)| {
        let start = runs::start_number(store, &run, &record).await?;
        let is_published = match (&publications, start) {
            (Some(publications), Some(start)) => publications.of(&run, start).await?.is_some(),
            _ => false,
        };
        let marks = marks(store, &run).await?;
        let RunRecord { began, workers, .. } = record;
        Ok::<_, StoreError>(FoundRun { run, start, began, workers, marks, is_published })
    };
    let found = futures::stream::iter(runs.into_iter().map(find)).buffered(AT_ONCE);
    let found = found.try_collect().await?;
    let recently_visible = match &newest {
        Some(newest) => recently_visible(clean_up, newest).await?,
        None => Vec::new(),
    };
    Ok(SourceRuns { source, in_scope, newest, recently_visible, found })
}

/// Returns the runs that were visible within the grace of readers before now, each with the time at
/// which it was hidden last. An entry hides the run of the entry before it.
async fn recently_visible(
    clean_up: &CleanUp<'_>,
    newest: &Generation,
) -> Result<Vec<(RunId, u64)>, StoreError> {
    let (store, source) = (clean_up.store, &newest.source);
    let longest = clean_up.rules.grace.max(READERS);
    let mut visible: Vec<(RunId, u64)> = Vec::new();
    let (mut entry, mut hidden) = (newest.clone(), u64::MAX);
    loop {
        if !entry.withdrawn && !visible.iter().any(|(run, _)| *run == entry.run) {
            visible.push((entry.run.clone(), hidden));
        }
        // An entry without a readable time, of a test or by hand, is taken for an old one.
        let shown = event_time(entry.published_at.as_bytes());
        hidden = shown.and_then(|shown| u64::try_from(shown).ok()).unwrap_or(0);
        if hidden.saturating_add(longest) <= clean_up.rules.now || entry.generation == 1 {
            return Ok(visible);
        }
        entry = read(store, source, entry.generation - 1, newest.generation).await?;
    }
}
