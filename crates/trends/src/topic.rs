//! Topics: terms with their totals, as they are ranked and served. Owns the ranking order.

use std::cmp::Ordering;

use serde::Serialize;

use crate::Kind;
use crate::facts::TermFacts;

/// A term with its totals over all buckets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Topic {
    /// The kind of the term.
    pub kind: Kind,
    /// The term.
    pub term: String,
    /// Occurrences.
    pub count: u64,
    /// Records with the term.
    pub documents: u64,
    /// Its authors, forms, examples and more.
    #[serde(flatten)]
    pub facts: TermFacts,
}

impl Topic {
    /// The term as it is shown: in its most frequent form.
    pub fn shown(&self) -> &str {
        self.facts.forms.first().map_or(&self.term, |form| &form.form)
    }
}

/// The order of a ranking by count: higher counts first, equal counts by the bytes of the term.
pub fn cmp_rank(a: (u64, &[u8]), b: (u64, &[u8])) -> Ordering {
    b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1))
}
