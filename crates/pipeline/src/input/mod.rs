//! Input: from the URIs of the user to blocks of whole lines. Owns files, compression and line
//! ownership; knows nothing of the content of a line.

mod compression;
mod discover;
mod file;
#[cfg(feature = "http")]
mod http;
mod lines;
mod object;
mod objects;
mod opened;
mod remote;
mod stream;
mod url;
mod zstd_frames;

pub use compression::Compression;
pub use discover::{Folders, FoundFile, discover};
pub(crate) use file::InputFile;
pub use file::inspect;
pub(crate) use lines::{BYTE_ORDER_MARK, LineBuffer, Lines, read_lines};
pub use object::{FileVersion, Identity, Object, ObjectLocation};
pub(crate) use objects::ObjectReader;
pub use objects::Objects;
pub(crate) use opened::{OpenObject, inspect_remote};
pub use remote::{Credentials, Remote};
pub(crate) use stream::{LineRange, StreamBlock, StreamSink, stream_lines};
pub(crate) use url::{is_remote, normal};
