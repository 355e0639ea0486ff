//! The references that bursts are compared with. Owns their names, which are the same in manifests
//! and in stored results; doesn't know how a reference is chosen.

use serde::{Deserialize, Serialize};

/// The earlier windows that a window is compared with, its reference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReferenceChoice {
    /// The windows right before it: 7 days, and at least 24 windows.
    #[default]
    Trailing,
    /// Those at the same time of the week, or else of the day; the trailing ones if there are fewer
    /// than 3 of either.
    Seasonal,
}

impl ReferenceChoice {
    /// Returns true for the trailing reference, which plans and results don't name.
    pub const fn is_trailing(&self) -> bool {
        matches!(self, Self::Trailing)
    }
}
