//! From a line of input to a verdict and the text in it. Owns what a record is; knows nothing of
//! files, of counting, or of what a text means.

mod html;
mod pointer;
mod scanner;
mod strings;
mod verdict;

pub use pointer::{Fields, InvalidPointer, Pointer};
pub use scanner::Scanner;
pub use verdict::{Empty, Judgement, Malformed};

#[cfg(test)]
mod tests;
