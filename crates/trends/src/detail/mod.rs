//! The detail of a row beyond its counts: the authors, forms and examples of its term. Owns the
//! merging of details and their bytes; knows nothing of rows, blocks or scores.
//!
//! A detail is a function of the multiset of (author, form, record) added to it, in any order and
//! however split: merging is associative and commutative, with the empty detail as its identity,
//! and equal details have equal bytes.
//!
//! ```text
//! detail:    authors forms examples; nothing at all when all three are empty
//! authors:   0 to 32, then that number of hashes, u64 LE ascending
//!            33, then the number of registers (varint, 1 to 1023), 3 bytes LE each, ascending
//!            34, then 4096 registers of 6 bits, four in three bytes LE
//! forms:     their number 0 to 256, then each, ascending by bytes:
//!            length 1 to 1024, UTF-8, occurrences;
//!            if there are 256, the occurrences of all other forms follow
//! examples:  their number 0 to 5, then each, ascending by their hashes:
//!            length 1 to 64 and the id, or 0, the object and the offset
//! ```
//!
//! Numbers are varints in their shortest form unless another form is given.

mod authors;
mod examples;
mod forms;
mod reader;
mod registers;

pub use authors::{Authors, is_estimate};
pub(crate) use authors::{MAX_EXACT, encode_exact, encode_registers};
pub use examples::{Example, ExampleSource, Examples, MAX_EXAMPLES, MAX_ID_BYTES};
pub(crate) use examples::{hash_of_id, hash_of_line};
pub(crate) use forms::encode_forms;
pub use forms::{Forms, MAX_KEPT as MAX_FORMS_KEPT};
pub(crate) use registers::{REGISTERS, register};

use reader::Reader;

/// The authors, forms and examples of a term in a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    /// The distinct authors of the records with the term.
    pub authors: Authors,
    /// The ways in which the term was written.
    pub forms: Forms,
    /// A few of the records with the term.
    pub examples: Examples,
}

/// The error for bytes that are not a detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("reading a row's detail: byte {at}: {what}")]
pub struct DetailError {
    /// The offset of the error from the beginning of the detail.
    pub at: usize,
    /// The error there, or the rule that is broken.
    pub what: &'static str,
}

impl Detail {
    /// Returns true if there are no authors, forms or examples.
    pub fn is_empty(&self) -> bool {
        let Self { authors, forms, examples } = self;
        authors.is_empty() && forms.is_empty() && examples.is_empty()
    }

    /// Adds the detail of other records.
    pub fn merge(&mut self, other: Self) {
        let Self { authors, forms, examples } = other;
        self.authors.merge(&authors);
        self.forms.merge(forms);
        self.examples.merge(&examples);
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

    /// Reads the bytes that [`Detail::encode`] wrote. Fails on all other bytes: out of bounds, out
    /// of order, not in their shortest form, or too many.
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
}

#[cfg(test)]
mod tests;
