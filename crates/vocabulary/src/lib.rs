//! The words that several crates must agree on: stages of a run, kinds of terms, scores, profiles,
//! and which analyses have a score stage. Depends on no other crate of this workspace, so that the
//! custom resource and the domain share them without knowing each other.
//!
//! A kind and a score have two names: lower case in results, APIs and flags, and upper camel case
//! in manifests. Both are here; serde reads and writes the lower case.

mod kind;
mod profile;
mod reference;
mod score;
mod stage;
mod unknown;

pub use self::{
    kind::Kind,
    profile::Profile,
    reference::ReferenceChoice,
    score::Score,
    stage::{PURGE, Stage},
    unknown::UnknownName,
};

/// Returns true if an analysis computes more than the counts of topics, so that its run has a score
/// stage. The operator, which creates the Job of that stage, and the pipeline, which does its work,
/// share this rule.
pub fn needs_scoring(kinds: &[Kind], scores: &[Score]) -> bool {
    !scores.is_empty() || kinds.contains(&Kind::Phrase)
}
