//! The envelope of every stored block, and the parts of all block formats.
//!
//! ```text
//! "TJ"  version: u8  type: u8  raw length: u32 LE  zstd frame  xxh3_64 of all before: u64 LE
//! ```
//!
//! The checksum is checked before the content, so the decoders see only bytes that were written.
//! They check their bounds nevertheless, because a checksum does not protect against malice.

mod error;
mod ranking;
mod rows;
mod scored;
pub(crate) mod varint;

pub use error::FormatError;
pub use ranking::{RankedTopic, RankingReader, RankingWriter};
pub use rows::{MAX_DETAIL_BYTES, RowReader, RowWriter};
pub use scored::{ScoredReader, ScoredTopic, ScoredWriter, SectionKey};

use xxhash_rust::xxh3::xxh3_64;

const MAGIC: [u8; 2] = *b"TJ";
/// The first version of blocks of every type.
const FIRST_VERSION: u8 = 1;
/// The version of ranked topics with a significance, which the first one lacks.
const SIGNIFICANCE_VERSION: u8 = 2;
const HEAD: usize = 8;
const TAIL: usize = 8;

/// The most bytes of a block before compression.
const MAX_RAW: usize = 1 << 23;

/// The compression level. Partials are written and read only once, and results are small.
const LEVEL: i32 = 1;

/// The type of a block's content. The values are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum BlockType {
    /// Rows sorted by kind, term and bucket.
    Rows = 1,
    /// A page of a ranking.
    Ranking = 2,
    /// Bytes in a format that the user of the block defines.
    Bytes = 3,
    /// Topics ranked by scores.
    Scored = 4,
}

impl BlockType {
    /// All types.
    pub const ALL: [Self; 4] = [Self::Rows, Self::Ranking, Self::Bytes, Self::Scored];

    /// Returns the newest version that this program reads.
    const fn newest_version(self) -> u8 {
        match self {
            Self::Rows | Self::Ranking | Self::Bytes => FIRST_VERSION,
            Self::Scored => SIGNIFICANCE_VERSION,
        }
    }
}

/// Makes a block from raw content.
pub fn seal(block_type: BlockType, raw: &[u8]) -> Result<Vec<u8>, FormatError> {
    seal_as(FIRST_VERSION, block_type, raw)
}

/// Writes a block of a given version, at most the newest of its type.
fn seal_as(version: u8, block_type: BlockType, raw: &[u8]) -> Result<Vec<u8>, FormatError> {
    let length = u32::try_from(raw.len()).ok().filter(|length| *length as usize <= MAX_RAW);
    let length = length.ok_or(FormatError::Content(raw.len()))?;
    let frame = zstd::bulk::compress(raw, LEVEL).map_err(|_| FormatError::Content(0))?;
    let mut block = Vec::with_capacity(HEAD + frame.len() + TAIL);
    block.extend_from_slice(&MAGIC);
    block.extend_from_slice(&[version, block_type as u8]);
    block.extend_from_slice(&length.to_le_bytes());
    block.extend_from_slice(&frame);
    block.extend_from_slice(&xxh3_64(&block).to_le_bytes());
    Ok(block)
}

/// Checks a block of any type, and returns its type and raw content.
pub fn open_any(block: &[u8]) -> Result<(BlockType, Vec<u8>), FormatError> {
    let byte = block.get(3).copied().ok_or(FormatError::NotABlock)?;
    let known = BlockType::ALL.into_iter().find(|known| *known as u8 == byte);
    // With a wrong type a damaged block is told from one of a type that this version lacks.
    let block_type = known.unwrap_or(BlockType::Bytes);
    open(block_type, block).map(|raw| (block_type, raw))
}

/// Checks a block and returns its raw content.
pub fn open(block_type: BlockType, block: &[u8]) -> Result<Vec<u8>, FormatError> {
    let (body, tail) = block.split_last_chunk::<TAIL>().ok_or(FormatError::NotABlock)?;
    let (head, frame) = body.split_first_chunk::<HEAD>().ok_or(FormatError::NotABlock)?;
    let [m0, m1, version, found_type, l0, l1, l2, l3] = *head;
    if [m0, m1] != MAGIC {
        return Err(FormatError::NotABlock);
    }
    let known = block_type.newest_version();
    if version > known {
        return Err(FormatError::Newer { found: version, known });
    }
    if xxh3_64(body) != u64::from_le_bytes(*tail) {
        return Err(FormatError::Checksum);
    }
    if found_type != block_type as u8 {
        return Err(FormatError::Type);
    }
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if length > MAX_RAW {
        return Err(FormatError::Content(4));
    }
    let raw = zstd::bulk::decompress(frame, length).map_err(|_| FormatError::Content(HEAD))?;
    if raw.len() == length { Ok(raw) } else { Err(FormatError::Content(HEAD)) }
}

/// The checksum of a block: its last eight bytes. References to the block have it, too.
pub fn checksum(block: &[u8]) -> Option<u64> {
    block.last_chunk::<TAIL>().map(|tail| u64::from_le_bytes(*tail))
}

#[cfg(test)]
mod tests;
