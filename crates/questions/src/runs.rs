//! The published generations, and the runs that can be resumed.

use std::collections::HashSet;
use std::path::Path;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use store::{Generation, RunId, RunLock, SourceName, Store, StoreError, generations, runs};

use crate::QuestionError;

/// The most generations of a source that are listed.
const MAX_GENERATIONS: u64 = 100;

/// The most runs that are looked at at once.
const AT_ONCE: usize = 16;

/// The published generations, and the runs that can be resumed.
#[derive(Debug, Serialize)]
pub struct RunsAnswer {
    /// The last 100 generations of each source, newest first.
    pub generations: Vec<Generation>,
    /// The runs that have begun and are neither published nor about to be removed. Those of a folder
    /// are locked by no process.
    pub resumable: Vec<RunId>,
    /// The sources whose log can't be read, because an entry is damaged or lost. Neither their
    /// generations nor their runs are listed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableSource>,
}

/// A source whose log can't be read.
#[derive(Debug, Serialize)]
pub struct UnreadableSource {
    /// The source.
    pub source: SourceName,
    /// The entry, what is wrong with it, and what helps.
    pub error: String,
}

/// Lists the generations and the resumable runs of a store. `folder` is the folder of a folder
/// store: a run there is locked while a process works on it.
pub async fn runs(store: &dyn Store, folder: Option<&Path>) -> Result<RunsAnswer, QuestionError> {
    let (mut listed, mut unreadable) = (Vec::new(), Vec::new());
    for source in store.sources().await? {
        match generations::history(store, &source, MAX_GENERATIONS).await {
            Ok(generations) => listed.extend(generations),
            Err(error) if is_of_one_source(&error) => {
                unreadable.push(UnreadableSource { source, error: error.to_string() });
            }
            Err(error) => return Err(error.into()),
        }
    }
    let published: HashSet<&RunId> = listed.iter().map(|entry| &entry.run).collect();
    let runs = store.runs().await?.into_iter().filter(|run| !published.contains(run));
    let judged = runs.map(|run| async move {
        match is_resumable(store, folder, &run).await {
            Err(QuestionError::Store(error)) if is_of_one_source(&error) => Ok(None),
            is_resumable => Ok::<_, QuestionError>(is_resumable?.then_some(run)),
        }
    });
    let judged: Vec<_> = stream::iter(judged).buffered(AT_ONCE).try_collect().await?;
    let resumable = judged.into_iter().flatten().collect();
    Ok(RunsAnswer { generations: listed, resumable, unreadable })
}

/// Returns true for a failure that says nothing of other sources.
const fn is_of_one_source(error: &StoreError) -> bool {
    matches!(error, StoreError::Damaged { .. } | StoreError::LostEntry(_))
}

/// Returns true if a run has begun, is neither published nor about to be removed, and no process
/// works on it.
async fn is_resumable(
    store: &dyn Store,
    folder: Option<&Path>,
    run: &RunId,
) -> Result<bool, QuestionError> {
    // On a read-only disk no lock can be tried; the run is listed then.
    let is_free = folder.is_none_or(|folder| RunLock::is_free(folder, run).unwrap_or(true));
    let is_there = is_free && !runs::is_marked(store, run).await?;
    Ok(is_there
        && runs::read(store, run).await?.is_some()
        && !runs::is_published(store, run).await?)
}
