//! Examples: a few records with a term, a fair sample over all shards. Owns which records are kept;
//! knows nothing of their content.

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::{DetailError, Reader};
use crate::format::varint::{put, put_bytes};

/// The most examples that are kept.
pub const MAX_EXAMPLES: usize = 5;
/// The longest id that is kept; a record with a longer one is kept by the location of its line.
pub const MAX_ID_BYTES: usize = 64;

/// The id of a record, or the location of its line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum ExampleSource {
    /// The id.
    Id {
        /// 1 to 64 bytes.
        id: Box<str>,
    },
    /// The location of the line of a record without an id.
    Line {
        /// The number of its object in the plan.
        object: u64,
        /// The offset of its first byte in the (decompressed) object.
        offset: u64,
    },
}

impl ExampleSource {
    /// Appends its bytes.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Id { id } => put_bytes(out, id.as_bytes()),
            Self::Line { object, offset } => {
                put(out, 0);
                put(out, *object);
                put(out, *offset);
            }
        }
    }
}

/// A record as an example, with the hash that decides if it is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    hash: u64,
    source: ExampleSource,
}

impl Example {
    /// A record by its id; `None` if that is empty or longer than [`MAX_ID_BYTES`].
    pub fn of_id(id: &str) -> Option<Self> {
        let fits = (1..=MAX_ID_BYTES).contains(&id.len());
        let source = ExampleSource::Id { id: id.into() };
        fits.then(|| Self { hash: hash_of_id(id.as_bytes()), source })
    }

    /// A record without an id, by the location of its line.
    pub fn of_line(object: u64, offset: u64) -> Self {
        let hash = hash_of_line(object, offset);
        Self { hash, source: ExampleSource::Line { object, offset } }
    }

    /// The id or location of the record.
    pub fn source(&self) -> &ExampleSource {
        &self.source
    }
}

/// The hash of a record with an id.
pub(crate) fn hash_of_id(id: &[u8]) -> u64 {
    xxh3_64(id)
}

/// The hash of a record without an id.
pub(crate) fn hash_of_line(object: u64, offset: u64) -> u64 {
    xxh3_64([object.to_le_bytes(), offset.to_le_bytes()].as_flattened())
}

/// The [`MAX_EXAMPLES`] records with the smallest hashes (a bottom-k sample): a uniform sample of
/// the distinct records of a term that does not depend on their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examples(Vec<Example>);

impl Examples {
    /// Adds a record with the term. A second insertion of a record changes nothing.
    pub fn insert(&mut self, example: &Example) {
        let full = self.0.len() == MAX_EXAMPLES;
        if full && self.0.last().is_some_and(|last| last <= example) {
            return;
        }
        let Err(place) = self.0.binary_search(example) else { return };
        if full {
            self.0.pop();
        } else {
            // Most rows have one example; a `Vec` would make room for four.
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

    /// Returns true if there are no examples.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put(out, self.0.len() as u64);
        for source in self.iter() {
            source.encode(out);
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DetailError> {
        let count = reader.up_to(MAX_EXAMPLES, "there are at most 5 examples")?;
        let mut examples: Vec<Example> = Vec::with_capacity(count);
        for _ in 0..count {
            let length = reader.up_to(MAX_ID_BYTES, "an id has at most 64 bytes")?;
            let example = match Example::of_id(reader.text(length)?) {
                Some(example) => example,
                None => Example::of_line(reader.unsigned()?, reader.unsigned()?),
            };
            if examples.last().is_some_and(|last| *last >= example) {
                return Err(reader.error("examples must ascend by their hashes"));
            }
            examples.push(example);
        }
        Ok(Self(examples))
    }
}
