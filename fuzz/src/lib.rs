//! The fuzz targets, as functions over bytes: libFuzzer calls them with bytes that it makes up, and
//! the tests with those of the corpus. A target panics if a promise of a crate is broken.

mod formats;
mod input;
mod stored;
mod terms;

pub use formats::{block, detail, ranking, rows, scored};
pub use input::{line, manifest, pointer, time};
pub use stored::{document, log};
pub use terms::{exclusion, seed, social};

/// A target: its name, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 14] = [
    ("line", line),
    ("rows", rows),
    ("ranking", ranking),
    ("scored", scored),
    ("block", block),
    ("detail", detail),
    ("document", document),
    ("log", log),
    ("manifest", manifest),
    ("time", time),
    ("social", social),
    ("seed", seed),
    ("pointer", pointer),
    ("exclusion", exclusion),
];
