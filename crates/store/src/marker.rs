//! Markers: the one document that makes an attempt's blocks count. Owns the rule that the first
//! marker of a run, stage and index wins; knows nothing of what a stage reports in it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::document::{Home, insert_document, read_document};
use crate::{AttemptId, Key, RunId, Stage, Store, StoreError};

/// What an attempt says when all its blocks are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Marker<P> {
    /// The hash of the plan the attempt worked by.
    pub plan_hash: String,
    /// The attempt whose blocks count.
    pub attempt: AttemptId,
    /// What the stage reports: its counters and the blocks that count.
    pub report: P,
}

impl<P> Marker<P> {
    /// Where the blocks of the attempt are.
    pub fn home(&self, run: &RunId, stage: Stage, index: u32) -> Home {
        Home { run: run.clone(), stage, index, attempt: self.attempt.clone() }
    }
}

/// Inserts the marker of an attempt, unless another attempt was first. Returns the one that counts.
pub async fn mark<P: Serialize + DeserializeOwned>(
    store: &dyn Store,
    home: &Home,
    plan_hash: &str,
    report: P,
) -> Result<Marker<P>, StoreError> {
    let key = Key::marker(&home.run, home.stage, home.index);
    let plan_hash = plan_hash.to_owned();
    let marker = Marker { plan_hash, attempt: home.attempt.clone(), report };
    insert_document(store, &key, home, marker).await.map(|(marker, _)| marker)
}

/// The marker of a run, stage and index, if an attempt finished it.
pub async fn marker<P: DeserializeOwned>(
    store: &dyn Store,
    run: &RunId,
    stage: Stage,
    index: u32,
) -> Result<Option<Marker<P>>, StoreError> {
    read_document(store, &Key::marker(run, stage, index)).await
}
