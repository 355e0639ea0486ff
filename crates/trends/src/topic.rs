//! Topics: terms with their totals, as they are ranked and served. Owns the ranking order.

use std::cmp::Ordering;

use serde::Serialize;

use crate::Kind;
use crate::facts::TermFacts;

/// A term with its totals over all buckets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Topic {
    /// What sort of term.
    pub kind: Kind,
    /// The term.
    pub term: String,
    /// Occurrences.
    pub count: u64,
    /// Records it occurred in.
    pub documents: u64,
    /// What else is told of it.
    #[serde(flatten)]
    pub facts: TermFacts,
}

impl Topic {
    /// The term as it is shown: the way it was written most often.
    pub fn shown(&self) -> &str {
        self.facts.forms.first().map_or(&self.term, |form| &form.form)
    }
}

/// The order of a count ranking: higher count first, equal counts by the bytes of the term.
pub fn cmp_rank(a: (u64, &[u8]), b: (u64, &[u8])) -> Ordering {
    b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1))
}
