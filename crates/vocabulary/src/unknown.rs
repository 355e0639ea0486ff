//! The error of an unknown name.

/// The error of a text that is not a known name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {concept} {name:?}; allowed: {allowed}")]
pub struct UnknownName {
    /// The concept, such as "kind".
    pub(crate) concept: &'static str,
    pub(crate) name: String,
    /// The known names as a list in a sentence.
    pub(crate) allowed: &'static str,
}
