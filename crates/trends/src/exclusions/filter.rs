//! The terms that are hidden from readers, folded as one result folds its terms. Owns the match of
//! a term; doesn't know the reasons of exclusions.

use std::collections::{BTreeMap, HashSet};

use regex::Regex;

use super::{Exclusions, Rule, glob};
use crate::result::normalize;
use crate::{Kind, Profile};

/// A set of excluded terms and patterns, by kind. The default is empty.
#[derive(Debug, Clone, Default)]
pub struct ExclusionFilter {
    kinds: BTreeMap<Kind, KindFilter>,
}

/// The excluded terms and patterns of one kind.
#[derive(Debug, Clone, Default)]
struct KindFilter {
    terms: HashSet<String>,
    patterns: Option<Regex>,
}

/// The error of excluded patterns that can't be compiled to one regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("compiling the patterns that are excluded: {0}")]
pub struct UnusablePatterns(String);

/// Returns true if a term of this kind can have this key. A hashtag that is excluded from all kinds
/// can't be a word of a phrase, and without this check every phrase would be searched for it.
fn can_be(kind: Kind, folded: &str) -> bool {
    match kind {
        Kind::Phrase => !folded.is_empty() && !folded.starts_with(['#', '@', '$']),
        _ => !folded.is_empty(),
    }
}

impl ExclusionFilter {
    /// A filter of the excluded terms and patterns, folded by a profile, for these kinds.
    ///
    /// # Errors
    /// If the patterns together take too much memory: [`super::MAX_PATTERNS`] of the longest fit.
    pub fn new(
        exclusions: &Exclusions,
        profile: Profile,
        kinds: impl IntoIterator<Item = Kind>,
    ) -> Result<Self, UnusablePatterns> {
        let mut filter = Self::default();
        for kind in kinds {
            let has_kind = |rule: &&Rule| rule.kinds.contains(&kind);
            let terms = exclusions.terms().filter(has_kind);
            let terms = terms.map(|rule| normalize(profile, kind, &rule.text));
            let terms = terms.filter(|term| can_be(kind, term));
            let patterns = exclusions.patterns().filter(has_kind);
            let patterns = patterns.map(|rule| glob::folded(profile, kind, &rule.text));
            let patterns: Vec<String> = patterns.filter(|pattern| !glob::is_all(pattern)).collect();
            let patterns =
                glob::any_of(&patterns).map_err(|error| UnusablePatterns(error.to_string()))?;
            let of_kind = KindFilter { terms: terms.collect(), patterns };
            if !of_kind.terms.is_empty() || of_kind.patterns.is_some() {
                filter.kinds.insert(kind, of_kind);
            }
        }
        Ok(filter)
    }

    /// Returns true if nothing of a kind is excluded.
    pub fn is_empty(&self, kind: Kind) -> bool {
        !self.kinds.contains_key(&kind)
    }

    /// Returns true if a term is excluded. An excluded phrase of one word excludes every phrase
    /// with that word.
    pub fn contains(&self, kind: Kind, term: &str) -> bool {
        self.kinds.get(&kind).is_some_and(|filter| {
            let has = |part: &str| filter.terms.contains(part);
            let fits = |patterns: &Regex| patterns.is_match(term);
            has(term)
                || kind == Kind::Phrase && term.split(' ').any(has)
                || filter.patterns.as_ref().is_some_and(fits)
        })
    }

    /// The excluded terms of a kind, in no particular order; `None` if they can't be listed,
    /// because patterns exclude terms, or single words exclude phrases.
    pub fn terms(&self, kind: Kind) -> Option<Vec<&str>> {
        let Some(KindFilter { terms, patterns }) = self.kinds.get(&kind) else {
            return Some(Vec::new());
        };
        let is_whole = |term: &String| kind != Kind::Phrase || term.contains(' ');
        let all = patterns.is_none() && terms.iter().all(is_whole);
        all.then(|| terms.iter().map(String::as_str).collect())
    }
}
