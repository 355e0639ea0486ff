//! The profiles: two ways from text to terms. Owns their names, which are the same in manifests
//! and in stored results.

use serde::{Deserialize, Serialize};

/// A way to clean text and cut it into terms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Profile {
    /// The cleaning of the original program, exactly; words only.
    #[default]
    Seed,
    /// Cleaning for social media, with every kind of term and score.
    Social,
}
