//! The detail of a row beyond its counts: who wrote a term, how it was written, where to see it.
//! Owns how details are merged and their bytes; knows nothing of rows, blocks or scores.
//!
//! A detail is a function of the multiset of (author, form, record) it was given, whatever the
//! order and however it was split: merging is associative and commutative, with the empty detail
//! as its identity, and equal details have equal bytes.
//!
//! ```text
//! detail:    authors forms examples; nothing at all when all three are empty
//! authors:   0 to 32, then as many hashes, u64 LE ascending
//!            33, then the number of registers (varint, 1 to 1023), 3 bytes LE each, ascending
//!            34, then 4096 registers of 6 bits, four in three bytes LE
//! forms:     their number 0 to 256, then each: length 1 to 1024, UTF-8, occurrences; ascending by bytes;
//!            of 256 the occurrences of all others follow
//! examples:  their number 0 to 5, then each, in the order they are kept in:
//!            length 1 to 64 and the id, or 0, the object and the offset
//! ```
//!
//! All numbers not said to be otherwise are varints in their shortest form.

mod authors;
mod examples;
mod forms;
mod reader;
mod registers;

pub use authors::Authors;
pub(crate) use authors::{MAX_EXACT, encode_exact, encode_registers};
pub use examples::{Example, ExampleSource, Examples, MAX_EXAMPLES, MAX_ID_BYTES};
pub(crate) use examples::{hash_of_id, hash_of_place};
pub(crate) use forms::encode_few;
pub use forms::{Forms, MAX_KEPT as MAX_FORMS_KEPT};
pub(crate) use registers::{REGISTERS, register};

use reader::Reader;

/// What is kept of a term in a bucket beyond its counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    /// Who wrote it.
    pub authors: Authors,
    /// How it was written.
    pub forms: Forms,
    /// Where to see it.
    pub examples: Examples,
}

/// Why bytes are no detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reading a row's detail: byte {at}: {what}")]
pub struct DetailError {
    /// Where, counted from the beginning of the detail.
    pub at: usize,
    /// What is wrong there, or what should have been there.
    pub what: &'static str,
}

impl Detail {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        let Self { authors, forms, examples } = self;
        authors.is_empty() && forms.is_empty() && examples.is_empty()
    }

    /// Adds the detail of other records.
    pub fn merge(&mut self, other: &Self) {
        let Self { authors, forms, examples } = other;
        self.authors.merge(authors);
        self.forms.merge(forms);
        self.examples.merge(examples);
    }

    /// Appends its bytes; an empty detail has none.
    pub fn encode(&self, out: &mut Vec<u8>) {
        if self.is_empty() {
            return;
        }
        let Self { authors, forms, examples } = self;
        authors.encode(out);
        forms.encode(out);
        examples.encode(out);
    }

    /// Reads what [`Detail::encode`] wrote, all of `raw`. Bytes it would not have written are
    /// refused: out of bounds, out of order, not in their shortest form, or left over.
    pub fn decode(raw: &[u8]) -> Result<Self, DetailError> {
        if raw.is_empty() {
            return Ok(Self::default());
        }
        let mut reader = Reader::new(raw);
        let detail = Self {
            authors: Authors::decode(&mut reader)?,
            forms: Forms::decode(&mut reader)?,
            examples: Examples::decode(&mut reader)?,
        };
        reader.end()?;
        let filled = !detail.is_empty();
        filled.then_some(detail).ok_or(DetailError { at: 0, what: "an empty detail has no bytes" })
    }

    /// Memory it takes, in bytes, its own size and what it owns.
    pub fn bytes(&self) -> usize {
        let Self { authors, forms, examples } = self;
        authors.bytes() + forms.bytes() + examples.bytes()
    }
}

#[cfg(test)]
mod tests;
