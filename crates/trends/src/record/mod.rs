//! Judges a line of input and takes the parts of its record. Owns the definition of a record; knows
//! nothing of files, of counting, or of the meaning of a text.

mod beginning;
mod html;
mod pointer;
mod scanner;
mod strings;
mod verdict;

pub use beginning::{MAX_ENTITIES_BYTES, MAX_FIELD_BYTES, MAX_TEXT_BYTES};
pub use pointer::{CustomFields, Fields, InvalidPointer, Pointer};
pub use scanner::Scanner;
pub use verdict::{Empty, Judgement, Malformed, Record};

#[cfg(test)]
mod tests;
