//! Plans and markers: JSON documents that are inserted once. Owns the blocks that hold a document
//! too long for its key; knows nothing of the content, and `envelope` owns the checksum.

use std::io::{self, Read, Write};

use bytes::Bytes;
use serde::de::{DeserializeOwned, IgnoredAny};
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

/// The most pieces that are put together to be parsed, which is the quickest. More are parsed while
/// they are opened: the plan of a million files has 250 MB.
const FEW: usize = 16;

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
    let stored = if let Some(inline) = inline(key, &value)? {
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

/// Returns the blocks of a long document; none for a short one, and if the key doesn't exist.
pub async fn pieces(
    store: &dyn Store,
    key: &Key,
) -> Result<Option<(AttemptKey, Vec<BlockRef>)>, StoreError> {
    let Some(stored) = store.get(key).await? else { return Ok(None) };
    match envelope::open::<Document<IgnoredAny>>(key, &stored, 1..=FORMAT)?.value {
        Content::Inline(_) => Ok(None),
        Content::Pieces { owner, pieces } => Ok(Some((owner, pieces))),
    }
}

/// Returns the stage whose document a block is a piece of, by the name of the block.
pub fn document_of(block: &BlockKey) -> Option<Stage> {
    let (stage, _) = block.name.split_once("-document-")?;
    let is_piece = block.stage == Stage::Plan;
    Stage::ALL.into_iter().find(|known| is_piece && known.name() == stage)
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

/// Returns a document as it is stored under its key, unless it is too long for that.
fn inline<T: Serialize>(key: &Key, value: &T) -> Result<Option<Bytes>, StoreError> {
    // A long document is not written to memory to find out that it is long.
    let mut room = Room(MAX_INLINE);
    if serde_json::to_writer(&mut room, value).is_err() && room.0 == 0 {
        return Ok(None);
    }
    let inline = envelope::seal(key, FORMAT, &Document { value: Content::Inline(value) })?;
    Ok(Some(inline).filter(|inline| inline.len() <= MAX_INLINE))
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
    let mut written = Pieces::default();
    let json = serde_json::to_writer(&mut written, value).map_err(io::Error::from);
    json.and_then(|()| written.seal()).map_err(|error| StoreError::damaged(key, &error))?;
    let owner = AttemptKey { stage: Stage::Plan, ..attempt.clone() };
    let mut pieces = Vec::new();
    for (number, block) in written.sealed.into_iter().enumerate() {
        let name = format!("{}-document-{number:05}", attempt.stage);
        pieces.push(BlockRef::to(name.clone(), &block));
        store.put_block(&owner.block(&name), block.into()).await?;
    }
    Ok((owner, pieces))
}

/// Room for a number of bytes: writing more fails.
struct Room(usize);

impl Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.0.checked_sub(bytes.len());
        self.0 = left.unwrap_or(0);
        left.map(|_| bytes.len()).ok_or_else(|| io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Cuts the bytes that are written into pieces, and seals them: compressed, a long document needs
/// little memory.
#[derive(Default)]
struct Pieces {
    piece: Vec<u8>,
    sealed: Vec<Vec<u8>>,
}

impl Pieces {
    /// Seals the bytes that are not sealed yet.
    fn seal(&mut self) -> io::Result<()> {
        if !self.piece.is_empty() {
            self.sealed.push(seal(BlockType::Bytes, &self.piece).map_err(io::Error::other)?);
            self.piece.clear();
        }
        Ok(())
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..count]);
        if self.piece.len() == PIECE {
            self.seal()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads the pieces of a long document, and opens one after the other.
struct PieceReader {
    /// The sealed pieces with their names.
    pieces: std::vec::IntoIter<(String, Bytes)>,
    /// The rest of the open piece.
    piece: io::Cursor<Vec<u8>>,
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.piece.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let Some((name, sealed)) = self.pieces.next() else { return Ok(0) };
            let opened = open(BlockType::Bytes, &sealed);
            let opened = opened.map_err(|error| io::Error::other(format!("{name}: {error}")))?;
            self.piece = io::Cursor::new(opened);
        }
    }
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
        Content::Pieces { owner, pieces } if pieces.len() <= FEW => {
            let mut whole = Vec::new();
            for piece in &pieces {
                let raw = |block: &[u8]| open(BlockType::Bytes, block);
                whole.extend(decode_block(store, &owner, piece, raw).await?);
            }
            parse(key, &whole)
        }
        Content::Pieces { owner, pieces } => {
            let mut sealed = Vec::with_capacity(pieces.len());
            for piece in pieces {
                let block = read_block(store, &owner, &piece).await?;
                sealed.push((piece.name, block));
            }
            let piece = io::Cursor::default();
            let reader = PieceReader { pieces: sealed.into_iter(), piece };
            serde_json::from_reader(io::BufReader::new(reader))
                .map_err(|error| StoreError::damaged(key, &error))
        }
    }
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
        // One is parsed whole, the other piece by piece.
        let (long, longer) = ("x".repeat(3 * MAX_INLINE), "y".repeat((FEW + 2) * PIECE));
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
