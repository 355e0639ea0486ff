//! The fuzz targets, as functions over bytes that libFuzzer makes up. A target panics if a promise of
//! a crate is broken.

mod answers;
mod formats;
mod input;
mod stored;
mod terms;
// The file of the pipeline as it is: its functions are not public.
#[path = "../../crates/pipeline/src/input/http/version.rs"]
mod version;

pub use answers::{head, request};
pub use formats::{block, detail, ranking, rows, scored};
pub use input::{line, manifest, pointer, time};
pub use stored::{document, log};
pub use terms::{exclusion, seed, social};
