//! Plans and markers: JSON documents that are inserted once. Owns the blocks that hold a document
//! too long for its key; knows nothing of the content, and `envelope` owns the checksum.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use trends::format::{BlockType, FormatError, open, seal};
use trends::result::BlockRef;

use crate::{AttemptId, BlockKey, Insertion, Key, RunId, Stage, Store, StoreError, envelope};

/// The most bytes of a document that is stored under its key. Well below 1 MiB, the limit of all
/// values.
const MAX_INLINE: usize = 256 << 10;

/// The format of all documents. A newer one is refused with its number instead of being misread.
const FORMAT: u32 = 1;

/// The bytes of a piece of a longer document, before compression.
const PIECE: usize = 512 << 10;

/// The prefix of an attempt's blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptKey {
    /// The run.
    pub run: RunId,
    /// The stage.
    pub stage: Stage,
    /// The shard or partition, 0 for plan and publish.
    pub index: u32,
    /// The attempt.
    pub attempt: AttemptId,
}

impl AttemptKey {
    /// The key of a block of the attempt.
    pub fn block(&self, name: &str) -> BlockKey {
        let Self { run, stage, index, attempt } = self.clone();
        BlockKey { run, stage, index, attempt, name: name.to_owned() }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Document<T> {
    value: Content<T>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Content<T> {
    Inline(T),
    Pieces {
        #[serde(rename = "home")]
        owner: AttemptKey,
        pieces: Vec<BlockRef>,
    },
}

/// Inserts a document unless its key exists. Returns the document under the key, and true if this
/// call inserted it. A long document is kept in blocks of `attempt`.
pub async fn insert_document<T: Serialize + DeserializeOwned>(
    store: &dyn Store,
    key: &Key,
    attempt: &AttemptKey,
    value: T,
) -> Result<(T, bool), StoreError> {
    let inline = envelope::seal(key, FORMAT, &Document { value: Content::Inline(&value) })?;
    let stored = if inline.len() <= MAX_INLINE {
        inline
    } else {
        let (owner, pieces) = put_pieces(store, key, attempt, &value).await?;
        let value = Content::<()>::Pieces { owner, pieces };
        envelope::seal(key, FORMAT, &Document { value })?
    };
    match store.insert(key, stored).await? {
        Insertion::Inserted => Ok((value, true)),
        Insertion::Present(stored) => Ok((resolve(store, key, &stored).await?, false)),
    }
}

/// Reads a document, `None` if its key doesn't exist.
pub async fn read_document<T: DeserializeOwned>(
    store: &dyn Store,
    key: &Key,
) -> Result<Option<T>, StoreError> {
    match store.get(key).await? {
        Some(stored) => resolve(store, key, &stored).await.map(Some),
        None => Ok(None),
    }
}

/// Reads a block of an attempt, and fails with `Damaged` if it is not the one referred to.
pub async fn read_block(
    store: &dyn Store,
    attempt: &AttemptKey,
    block: &BlockRef,
) -> Result<Bytes, StoreError> {
    let key = attempt.block(&block.name);
    let bytes = store.get_block(&key).await?;
    block.check(&bytes).map_err(|what| StoreError::damaged(&key, &what))?;
    Ok(bytes)
}

/// Reads a block of an attempt and decodes it.
pub(crate) async fn decode_block<T>(
    store: &dyn Store,
    attempt: &AttemptKey,
    block: &BlockRef,
    decode: impl FnOnce(&[u8]) -> Result<T, FormatError>,
) -> Result<T, StoreError> {
    let bytes = read_block(store, attempt, block).await?;
    let key = || attempt.block(&block.name).to_string();
    decode(&bytes).map_err(|error| StoreError::undecodable(key(), &error))
}

/// Stores a long document in pieces, under the plan stage. Blocks of the plan stay as long as the
/// run. Blocks of the document's own stage may be removed earlier, as partials are once a run is
/// published, and its marker is read after that.
async fn put_pieces<T: Serialize>(
    store: &dyn Store,
    key: &Key,
    attempt: &AttemptKey,
    value: &T,
) -> Result<(AttemptKey, Vec<BlockRef>), StoreError> {
    let whole = json(key, value)?;
    let owner = AttemptKey { stage: Stage::Plan, ..attempt.clone() };
    let mut pieces = Vec::new();
    for (number, piece) in whole.chunks(PIECE).enumerate() {
        let name = format!("{}-document-{number:05}", attempt.stage);
        let block =
            seal(BlockType::Bytes, piece).map_err(|error| StoreError::damaged(key, &error))?;
        pieces.push(BlockRef::to(name.clone(), &block));
        store.put_block(&owner.block(&name), block.into()).await?;
    }
    Ok((owner, pieces))
}

/// Decodes the value under the key of a document. The pieces of a long document are read now, so a
/// caller that decodes one document after another has only one in memory.
pub async fn resolve<T: DeserializeOwned>(
    store: &dyn Store,
    key: &Key,
    stored: &[u8],
) -> Result<T, StoreError> {
    match envelope::open::<Document<T>>(key, stored, 1..=FORMAT)?.value {
        Content::Inline(value) => Ok(value),
        Content::Pieces { owner, pieces } => {
            let mut whole = Vec::new();
            for piece in &pieces {
                let raw = |block: &[u8]| open(BlockType::Bytes, block);
                whole.extend(decode_block(store, &owner, piece, raw).await?);
            }
            parse(key, &whole)
        }
    }
}

/// The JSON of a value with this key.
pub(crate) fn json<T: Serialize>(key: &Key, value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::damaged(key, &error))
}

/// Parses the JSON of a value with this key.
pub(crate) fn parse<T: DeserializeOwned>(key: &Key, json: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(json).map_err(|error| StoreError::damaged(key, &error))
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
        let attempt =
            AttemptKey { run: run.clone(), stage: Stage::Etl, index: 3, attempt: name("a") };
        // The attempt has two long documents at one index.
        let other = AttemptKey { stage: Stage::Aggregate, ..attempt.clone() };
        let (long, longer) = ("x".repeat(3 * MAX_INLINE), "y".repeat(5 * PIECE));
        for (attempt, value) in [(&attempt, &long), (&other, &longer)] {
            let key = Key::marker(&run, attempt.stage, attempt.index);
            let inserted = insert_document(&store, &key, attempt, value.clone()).await.unwrap();
            assert_eq!(inserted, (value.clone(), true));
        }
        store.put_block(&attempt.block("partial"), "rows".into()).await.unwrap();
        store.remove_blocks(&run, Stage::Etl).await.unwrap();
        assert!(store.get_block(&attempt.block("partial")).await.is_err());
        for (attempt, value) in [(attempt, long), (other, longer)] {
            let key = Key::marker(&run, attempt.stage, attempt.index);
            let found: Option<String> = read_document(&store, &key).await.unwrap();
            assert_eq!(found, Some(value), "{key}");
        }
        store.remove_run(&run).await.unwrap();
        let block = AttemptKey { run, stage: Stage::Plan, index: 3, attempt: name("a") };
        let piece = store.get_block(&block.block("etl-document-00000")).await;
        assert!(matches!(piece, Err(StoreError::Missing { .. })), "the run's removal removes it");
    }
}
