//! Markers: the one document that makes an attempt's blocks count. Owns the rule that the first
//! marker of a run, stage and index wins; knows nothing of the report of a stage.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::document::{AttemptKey, insert_document, read_document, resolve};
use crate::{AttemptId, Key, RunId, Stage, Store, StoreError};

/// The document that an attempt inserts when all its blocks are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Marker<P> {
    /// The hash of the plan that the attempt followed.
    pub plan_hash: String,
    /// The attempt whose blocks count.
    pub attempt: AttemptId,
    /// The report of the stage: its counters and its blocks.
    pub report: P,
}

impl<P> Marker<P> {
    /// The prefix of the blocks of the attempt.
    pub fn attempt_key(&self, run: &RunId, stage: Stage, index: u32) -> AttemptKey {
        AttemptKey { run: run.clone(), stage, index, attempt: self.attempt.clone() }
    }
}

/// Inserts the marker of an attempt, unless another attempt was first. Returns the marker that
/// counts.
pub async fn mark<P: Serialize + DeserializeOwned>(
    store: &dyn Store,
    attempt: &AttemptKey,
    plan_hash: &str,
    report: P,
) -> Result<Marker<P>, StoreError> {
    let key = Key::marker(&attempt.run, attempt.stage, attempt.index);
    let plan_hash = plan_hash.to_owned();
    let marker = Marker { plan_hash, attempt: attempt.attempt.clone(), report };
    insert_document(store, &key, attempt, marker).await.map(|(marker, _)| marker)
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

/// A marker as it is stored: at most 256 KiB, whatever it holds.
#[derive(Debug)]
pub struct StoredMarker {
    key: Key,
    stored: Bytes,
}

impl StoredMarker {
    /// Reads the marker of a run, stage and index, if an attempt finished it.
    pub async fn read(
        store: &dyn Store,
        run: &RunId,
        stage: Stage,
        index: u32,
    ) -> Result<Option<Self>, StoreError> {
        let key = Key::marker(run, stage, index);
        Ok(store.get(&key).await?.map(|stored| Self { key, stored }))
    }

    /// Decodes the marker, and reads its pieces if it is a long one.
    pub async fn decode<P: DeserializeOwned>(
        self,
        store: &dyn Store,
    ) -> Result<Marker<P>, StoreError> {
        resolve(store, &self.key, &self.stored).await
    }
}
