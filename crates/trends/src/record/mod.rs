//! From a line of input to a verdict and the parts of its record. Owns what a record is; knows nothing of
//! files, of counting, or of what a text means.

mod html;
mod pointer;
mod scanner;
mod strings;
mod verdict;

pub use pointer::{CustomFields, Fields, InvalidPointer, Pointer};
pub use scanner::Scanner;
pub use verdict::{Empty, Judgement, Malformed, Record};

#[cfg(test)]
mod tests;
