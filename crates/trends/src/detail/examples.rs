//! Examples: a few records a term occurred in, drawn alike from all shards. Owns which are kept;
//! knows nothing of what a record says.

use std::mem::size_of;

use xxhash_rust::xxh3::xxh3_64;

use super::{DetailError, Reader};
use crate::format::varint::put;

/// So many examples are kept.
pub const MAX_EXAMPLES: usize = 5;
/// A longer id is no example; the record's place is taken instead.
pub const MAX_ID_BYTES: usize = 64;

/// Where a record is found again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExampleSource {
    /// By its id, 1 to 64 bytes.
    Id(Box<str>),
    /// By where its line is.
    Line {
        /// The number of the object among those of the run.
        object: u64,
        /// The first byte of its line, in decompressed bytes from the object's beginning.
        offset: u64,
    },
}

/// A record as an example, with the hash that decides whether it is kept. Made once for a record,
/// however many terms it has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    hash: u64,
    source: ExampleSource,
}

impl Example {
    /// A record by its id, `None` if that is empty or above [`MAX_ID_BYTES`].
    pub fn of_id(id: &str) -> Option<Self> {
        let fits = (1..=MAX_ID_BYTES).contains(&id.len());
        let source = ExampleSource::Id(id.into());
        fits.then(|| Self { hash: hash_of_id(id.as_bytes()), source })
    }

    /// A record without an id, by its place.
    pub fn of_place(object: u64, offset: u64) -> Self {
        let hash = hash_of_place(object, offset);
        Self { hash, source: ExampleSource::Line { object, offset } }
    }

    /// Where the record is found.
    pub fn source(&self) -> &ExampleSource {
        &self.source
    }
}

/// The hash of a record with this id.
pub(crate) fn hash_of_id(id: &[u8]) -> u64 {
    xxh3_64(id)
}

/// The hash of a record without an id.
pub(crate) fn hash_of_place(object: u64, offset: u64) -> u64 {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&object.to_le_bytes());
    bytes[8..].copy_from_slice(&offset.to_le_bytes());
    xxh3_64(&bytes)
}

/// The [`MAX_EXAMPLES`] records with the smallest hashes (a bottom-k sample): a uniform sample of
/// the distinct records of a term, and the same whatever order they came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examples(Vec<Example>);

impl Examples {
    /// Adds a record the term occurred in. To add one twice is to add it once.
    pub fn insert(&mut self, example: &Example) {
        let full = self.0.len() == MAX_EXAMPLES;
        if full && self.0.last().is_some_and(|last| last <= example) {
            return;
        }
        let Err(place) = self.0.binary_search(example) else { return };
        if full {
            self.0.pop();
        } else {
            // Most rows have one: `Vec` would begin with room for four.
            self.0.reserve_exact(usize::from(self.0.is_empty()));
        }
        self.0.insert(place, example.clone());
    }

    /// Adds the examples of other records.
    pub fn merge(&mut self, other: &Self) {
        for example in &other.0 {
            self.insert(example);
        }
    }

    /// The examples in the order of their hashes.
    pub fn iter(&self) -> impl Iterator<Item = &ExampleSource> {
        self.0.iter().map(Example::source)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Memory it takes, in bytes, its own size and what it owns.
    pub fn bytes(&self) -> usize {
        let text = |example: &Example| match &example.source {
            ExampleSource::Id(id) => id.len(),
            ExampleSource::Line { .. } => 0,
        };
        let texts: usize = self.0.iter().map(text).sum();
        size_of::<Self>() + self.0.capacity() * size_of::<Example>() + texts
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put(out, self.0.len() as u64);
        for Example { source, .. } in &self.0 {
            match source {
                ExampleSource::Id(id) => {
                    put(out, id.len() as u64);
                    out.extend_from_slice(id.as_bytes());
                }
                ExampleSource::Line { object, offset } => {
                    put(out, 0);
                    put(out, *object);
                    put(out, *offset);
                }
            }
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DetailError> {
        let count = reader.up_to(MAX_EXAMPLES, "there are at most 5 examples")?;
        let mut examples: Vec<Example> = Vec::with_capacity(count);
        for _ in 0..count {
            let length = reader.up_to(MAX_ID_BYTES, "an id has at most 64 bytes")?;
            let example = match Example::of_id(reader.text(length)?) {
                Some(example) => example,
                None => Example::of_place(reader.unsigned()?, reader.unsigned()?),
            };
            if examples.last().is_some_and(|last| *last >= example) {
                return Err(reader.error("examples must ascend by their hashes"));
            }
            examples.push(example);
        }
        Ok(Self(examples))
    }
}
