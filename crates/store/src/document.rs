//! Plans, markers and indexes: JSON documents that are inserted once. Owns how one that outgrows a
//! record is kept in blocks instead; knows nothing of what a document says.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use trends::format::{BlockType, open, seal};
use trends::result::BlockRef;

use crate::{AttemptId, BlockKey, Insertion, Key, RunId, Stage, Store, StoreError};

/// The largest document kept in its record. Well below the 1 MiB no stored value exceeds.
const MAX_INLINE: usize = 256 << 10;

/// The format of all documents. A newer one is refused by name instead of being misread.
const FORMAT: u32 = 1;

/// What a piece of a longer document holds before compression.
const PIECE: usize = 512 << 10;

/// Whose blocks a long document is kept in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// The run.
    pub run: RunId,
    /// The stage.
    pub stage: Stage,
    /// The shard or partition, 0 for plan and publish.
    pub index: u32,
    /// The attempt.
    pub attempt: AttemptId,
}

impl Home {
    /// The key of one of its blocks.
    pub fn block(&self, name: &str) -> BlockKey {
        let Self { run, stage, index, attempt } = self.clone();
        BlockKey { run, stage, index, attempt, name: name.to_owned() }
    }
}

/// What is read of a document before anything else.
#[derive(Debug, Deserialize)]
struct Versioned {
    format: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Document<T> {
    format: u32,
    value: Stored<T>,
}

impl<T> Document<T> {
    fn of(value: Stored<T>) -> Self {
        Self { format: FORMAT, value }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stored<T> {
    Inline(T),
    Pieces { home: Home, pieces: Vec<BlockRef> },
}

/// Inserts a document unless its key exists. Returns what stands there now and whether this call
/// inserted it.
pub async fn insert_document<T: Serialize + DeserializeOwned>(
    store: &dyn Store,
    key: &Key,
    home: &Home,
    value: T,
) -> Result<(T, bool), StoreError> {
    let inline = json(key, &Document::of(Stored::Inline(&value)))?;
    let record = if inline.len() <= MAX_INLINE {
        inline
    } else {
        let (home, pieces) = put_pieces(store, key, home, &value).await?;
        json(key, &Document::<()>::of(Stored::Pieces { home, pieces }))?
    };
    match store.insert(key, record.into()).await? {
        Insertion::Inserted => Ok((value, true)),
        Insertion::Present(record) => Ok((resolve(store, key, &record).await?, false)),
    }
}

/// Reads a document, `None` if its key doesn't exist.
pub async fn read_document<T: DeserializeOwned>(
    store: &dyn Store,
    key: &Key,
) -> Result<Option<T>, StoreError> {
    match store.get(key).await? {
        Some(record) => resolve(store, key, &record).await.map(Some),
        None => Ok(None),
    }
}

/// Reads a block and checks that it is the one referred to.
pub async fn read_block(
    store: &dyn Store,
    home: &Home,
    block: &BlockRef,
) -> Result<Bytes, StoreError> {
    let key = home.block(&block.name);
    let bytes = store.get_block(&key).await?;
    match block.check(&bytes) {
        Ok(()) => Ok(bytes),
        Err(what) => Err(StoreError::Damaged { key: key.to_string(), what }),
    }
}

/// Stores a long document with the blocks of the plan, which stay for as long as the run does: those
/// of its own stage may go before, as partials do once a run is published, and a marker is read later.
async fn put_pieces<T: Serialize>(
    store: &dyn Store,
    key: &Key,
    of: &Home,
    value: &T,
) -> Result<(Home, Vec<BlockRef>), StoreError> {
    let whole = json(key, value)?;
    let home = Home { stage: Stage::Plan, ..of.clone() };
    let mut pieces = Vec::new();
    for (number, piece) in whole.chunks(PIECE).enumerate() {
        let name = format!("{}-document-{number:05}", of.stage);
        let block = seal(BlockType::Bytes, piece).map_err(|error| damaged(key, &error))?;
        pieces.push(BlockRef::to(name.clone(), &block));
        store.put_block(&home.block(&name), block.into()).await?;
    }
    Ok((home, pieces))
}

async fn resolve<T: DeserializeOwned>(
    store: &dyn Store,
    key: &Key,
    record: &[u8],
) -> Result<T, StoreError> {
    let read = |error: serde_json::Error| damaged(key, &error);
    let Versioned { format } = serde_json::from_slice(record).map_err(read)?;
    if format > FORMAT {
        return Err(StoreError::Newer { place: key.to_string(), found: format, known: FORMAT });
    }
    match serde_json::from_slice::<Document<T>>(record).map_err(read)?.value {
        Stored::Inline(value) => Ok(value),
        Stored::Pieces { home, pieces } => {
            let mut whole = Vec::new();
            for piece in &pieces {
                let block = read_block(store, &home, piece).await?;
                let raw = open(BlockType::Bytes, &block);
                let key = || home.block(&piece.name).to_string();
                whole.extend(raw.map_err(|error| StoreError::undecodable(key(), &error))?);
            }
            serde_json::from_slice(&whole).map_err(|error| damaged(key, &error))
        }
    }
}

fn json<T: Serialize>(key: &Key, value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| damaged(key, &error))
}

fn damaged(key: &Key, what: &dyn std::fmt::Display) -> StoreError {
    StoreError::Damaged { key: key.to_string(), what: what.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ObjectStore;

    #[tokio::test]
    async fn a_long_marker_outlives_the_blocks_of_its_stage() {
        let store = ObjectStore::in_memory().await.unwrap();
        let name = |name| AttemptId::new(name).unwrap();
        let run = RunId::new("run").unwrap();
        let home = Home { run: run.clone(), stage: Stage::Etl, index: 3, attempt: name("a") };
        // The same attempt has another long document at the same index.
        let other = Home { stage: Stage::Aggregate, ..home.clone() };
        let (long, longer) = ("x".repeat(3 * MAX_INLINE), "y".repeat(5 * PIECE));
        for (home, value) in [(&home, &long), (&other, &longer)] {
            let key = Key::marker(&run, home.stage, home.index);
            let inserted = insert_document(&store, &key, home, value.clone()).await.unwrap();
            assert_eq!(inserted, (value.clone(), true));
        }
        store.put_block(&home.block("partial"), "rows".into()).await.unwrap();
        store.remove_blocks(&run, Stage::Etl).await.unwrap();
        assert!(store.get_block(&home.block("partial")).await.is_err());
        for (home, value) in [(home, long), (other, longer)] {
            let key = Key::marker(&run, home.stage, home.index);
            let found: Option<String> = read_document(&store, &key).await.unwrap();
            assert_eq!(found, Some(value), "{key}");
        }
        store.remove_run(&run).await.unwrap();
        let block = Home { run, stage: Stage::Plan, index: 3, attempt: name("a") };
        let piece = store.get_block(&block.block("etl-document-00000")).await;
        assert!(matches!(piece, Err(StoreError::Missing { .. })), "it goes with its run");
    }
}
