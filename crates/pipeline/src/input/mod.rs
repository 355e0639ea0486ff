//! Input: from what the user named to blocks of whole lines. Owns files, compression and line
//! ownership; knows nothing of what a line says.

mod compression;
mod discover;
mod file;
mod lines;
mod stream;

pub use compression::Compression;
pub use discover::{Found, discover};
pub(crate) use file::InputFile;
pub use file::Object;
pub(crate) use lines::{Lines, read_lines};
pub(crate) use stream::{StreamBlock, stream_lines};
