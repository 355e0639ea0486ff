//! Pages of a ranking: topics in their final order.
//!
//! ```text
//! page:   kind: u8   topics: u32 LE   topic*
//! topic:  drop: varint     the count before minus this one (the first: u64::MAX minus this one)
//!         spread: varint   count - documents
//!         length: varint   of the term
//!         the term
//!         length: varint   of the facts, then the facts (see `facts`)
//! ```

use super::varint::{Position, put, put_bytes};
use super::{BlockType, FormatError, open, seal};
use crate::Kind;
use crate::term::MAX_TERM_BYTES;

/// A topic of a page, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RankedTopic<'a> {
    /// The term.
    pub term: &'a [u8],
    /// Occurrences.
    pub count: u64,
    /// Records with the term.
    pub documents: u64,
    /// The facts of a listing, as [`crate::facts::TermFacts`] encodes them, at most 2 KiB.
    pub facts: &'a [u8],
}

/// The most bytes of a listing's facts: one form of at most 1,024 bytes, numbers, and room for
/// more.
const MAX_FACTS_BYTES: usize = 2048;

/// Writes topics of one kind, in the order of their ranking, to one page.
#[derive(Debug)]
pub struct RankingWriter {
    raw: Vec<u8>,
    topics: u32,
    last_count: u64,
}

impl RankingWriter {
    /// An empty page of topics of a kind.
    pub fn new(kind: Kind) -> Self {
        Self { raw: vec![kind.byte(), 0, 0, 0, 0], topics: 0, last_count: u64::MAX }
    }

    /// Adds a topic that ranks below all before it.
    pub fn push(&mut self, topic: RankedTopic<'_>) {
        debug_assert!(topic.count <= self.last_count, "counts never rise in a ranking");
        put(&mut self.raw, self.last_count - topic.count);
        put(&mut self.raw, topic.count - topic.documents);
        put_bytes(&mut self.raw, topic.term);
        debug_assert!(topic.facts.len() <= MAX_FACTS_BYTES, "the facts of a listing are bounded");
        put_bytes(&mut self.raw, topic.facts);
        self.last_count = topic.count;
        self.topics += 1;
    }

    /// Bytes before compression.
    pub fn raw_len(&self) -> usize {
        self.raw.len()
    }

    /// Number of topics added.
    pub fn topics(&self) -> u32 {
        self.topics
    }

    /// Returns the page. The writer is empty afterwards.
    pub fn finish(&mut self) -> Result<Vec<u8>, FormatError> {
        if let Some(number) = self.raw.get_mut(1..5) {
            number.copy_from_slice(&self.topics.to_le_bytes());
        }
        let block = seal(BlockType::Ranking, &self.raw);
        self.raw.truncate(5);
        self.topics = 0;
        self.last_count = u64::MAX;
        block
    }
}

/// Reads a page, topic by topic.
#[derive(Debug)]
pub struct RankingReader {
    raw: Vec<u8>,
    at: Position,
    left: u32,
    last_count: u64,
    kind: Kind,
}

impl RankingReader {
    /// Opens a page.
    pub fn open(block: &[u8]) -> Result<Self, FormatError> {
        let raw = open(BlockType::Ranking, block)?;
        let mut at = Position(0);
        let kind = Kind::from_byte(at.byte(&raw)?).ok_or(FormatError::Content(0))?;
        let left = at.slice(&raw, 4)?.first_chunk().copied().map_or(0, u32::from_le_bytes);
        Ok(Self { raw, at, left, last_count: u64::MAX, kind })
    }

    /// The kind of the page's topics.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The next topic, `None` at the end.
    pub fn topic(&mut self) -> Result<Option<RankedTopic<'_>>, FormatError> {
        let Self { raw, at, left, last_count, .. } = self;
        if *left == 0 {
            return if at.0 == raw.len() { Ok(None) } else { Err(FormatError::Content(at.0)) };
        }
        *left -= 1;
        let start = at.0;
        let inconsistent = || FormatError::Content(start);
        let count = last_count.checked_sub(at.unsigned(raw)?).ok_or_else(inconsistent)?;
        let documents = count.checked_sub(at.unsigned(raw)?).ok_or_else(inconsistent)?;
        let term = at.bytes(raw, MAX_TERM_BYTES)?;
        let facts = at.bytes(raw, MAX_FACTS_BYTES)?;
        *last_count = count;
        Ok(Some(RankedTopic { term, count, documents, facts }))
    }
}
