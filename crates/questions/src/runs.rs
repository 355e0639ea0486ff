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
    /// Runs that are not published, still have their data, and are locked by no process.
    pub resumable: Vec<RunId>,
}

/// Answers from a store. `folder` is the folder of a folder store, whose runs can be locked.
pub async fn runs(store: &dyn Store, folder: Option<&Path>) -> Result<RunsAnswer, QuestionError> {
    let mut listed = Vec::new();
    for source in store.sources().await? {
        listed.extend(generations::history(store, &source, MAX_GENERATIONS).await?);
    }
    let published: HashSet<&RunId> = listed.iter().map(|entry| &entry.run).collect();
    let mut resumable = store.runs().await?;
    resumable.retain(|run| !published.contains(run));
    if let Some(folder) = folder {
        // A lock can't be tried on a read-only disk: the run is listed then.
        resumable.retain(|run| RunLock::is_free(folder, run).unwrap_or(true));
    }
    Ok(RunsAnswer { generations: listed, resumable })
}
