//! The published generations, and the runs that can be resumed.

use std::collections::HashSet;
use std::path::Path;

use serde::Serialize;
use store::{Generation, RunId, RunLock, Store, generations, runs};

use crate::QuestionError;

/// The most generations of a source that are listed.
const MAX_GENERATIONS: u64 = 100;

/// The published generations, and the runs that can be resumed.
#[derive(Debug, Serialize)]
pub struct RunsAnswer {
    /// The last 100 generations of each source, newest first.
    pub generations: Vec<Generation>,
    /// The runs that have begun and are neither published nor about to be removed. Those of a folder
    /// are locked by no process.
    pub resumable: Vec<RunId>,
}

/// Lists the generations and the resumable runs of a store. `folder` is the folder of a folder
/// store: a run there is locked while a process works on it.
pub async fn runs(store: &dyn Store, folder: Option<&Path>) -> Result<RunsAnswer, QuestionError> {
    let mut listed = Vec::new();
    for source in store.sources().await? {
        listed.extend(generations::history(store, &source, MAX_GENERATIONS).await?);
    }
    let published: HashSet<&RunId> = listed.iter().map(|entry| &entry.run).collect();
    let mut resumable = Vec::new();
    for run in store.runs().await? {
        if !published.contains(&run) && is_resumable(store, folder, &run).await? {
            resumable.push(run);
        }
    }
    Ok(RunsAnswer { generations: listed, resumable })
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
