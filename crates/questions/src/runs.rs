//! The published generations, and the runs that can be resumed.

use std::collections::HashSet;
use std::path::Path;

use serde::Serialize;
use store::{Generation, RunId, RunLock, Store, generations};

use crate::QuestionError;

/// The most generations of a source that are listed.
const MAX_GENERATIONS: u64 = 100;

/// The published generations, and the runs that can be resumed.
#[derive(Debug, Serialize)]
pub struct RunsAnswer {
    /// The last 100 generations of each source, newest first.
    pub generations: Vec<Generation>,
    /// The runs with data in the store that are not among these generations. Those of a folder are
    /// locked by no process.
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
    let mut resumable = store.runs().await?;
    resumable.retain(|run| !published.contains(run));
    if let Some(folder) = folder {
        // On a read-only disk no lock can be tried; the run is listed then.
        resumable.retain(|run| RunLock::is_free(folder, run).unwrap_or(true));
    }
    Ok(RunsAnswer { generations: listed, resumable })
}
