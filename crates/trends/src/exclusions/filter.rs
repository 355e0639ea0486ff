//! Terms that are left out of what readers are shown, folded as one result folds them. Owns whether a
//! term is one of them; exclusions are one source of such sets, words that are parts of a phrase may be
//! another.

use std::collections::{BTreeMap, HashSet};

use regex::Regex;

use super::{Exclusions, Rule, glob};
use crate::result::normalize;
use crate::{Kind, Profile};

/// A set of terms of some kinds. The default is empty.
#[derive(Debug, Clone, Default)]
pub struct ExclusionFilter {
    kinds: BTreeMap<Kind, KindFilter>,
}

#[derive(Debug, Clone, Default)]
struct KindFilter {
    terms: HashSet<String>,
    patterns: Option<Regex>,
}

/// Patterns that can't be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the patterns that are excluded can't be followed: {0}")]
pub struct UnusablePatterns(String);

/// Whether there can be such a term. Of phrases that saves a look at all of them where a hashtag, say, is
/// excluded of every kind.
fn can_be(kind: Kind, folded: &str) -> bool {
    match kind {
        Kind::Phrase => !folded.is_empty() && !folded.starts_with(['#', '@', '$']),
        _ => !folded.is_empty(),
    }
}

impl ExclusionFilter {
    /// What is excluded, as results of a profile write terms of these kinds.
    ///
    /// # Errors
    /// If the patterns take too much room together; within the limits they don't.
    pub fn excluded(
        exclusions: &Exclusions,
        profile: Profile,
        kinds: impl IntoIterator<Item = Kind>,
    ) -> Result<Self, UnusablePatterns> {
        let mut left_out = Self::default();
        for kind in kinds {
            let is_of = |rule: &&Rule| rule.kinds.contains(&kind);
            let terms = exclusions.terms().filter(is_of);
            let terms = terms.map(|rule| normalize(profile, kind, &rule.text));
            let terms = terms.filter(|term| can_be(kind, term));
            let patterns = exclusions.patterns().filter(is_of);
            let patterns = patterns.map(|rule| glob::folded(profile, kind, &rule.text));
            let patterns: Vec<String> = patterns.filter(|pattern| !glob::is_all(pattern)).collect();
            let patterns =
                glob::any_of(&patterns).map_err(|error| UnusablePatterns(error.to_string()))?;
            left_out.add(kind, KindFilter { terms: terms.collect(), patterns });
        }
        Ok(left_out)
    }

    /// Just these terms.
    pub fn terms(terms: impl IntoIterator<Item = (Kind, String)>) -> Self {
        let mut left_out = Self::default();
        for (kind, term) in terms {
            left_out.kinds.entry(kind).or_default().terms.insert(term);
        }
        left_out
    }

    fn add(&mut self, kind: Kind, of_kind: KindFilter) {
        if !of_kind.terms.is_empty() || of_kind.patterns.is_some() {
            self.kinds.insert(kind, of_kind);
        }
    }

    /// Whether no term of a kind can be in it.
    pub fn is_empty(&self, kind: Kind) -> bool {
        !self.kinds.contains_key(&kind)
    }

    /// Whether a term is in it. Of phrases, a word is every phrase with that word.
    pub fn contains(&self, kind: Kind, term: &str) -> bool {
        self.kinds.get(&kind).is_some_and(|of_kind| {
            let has = |part: &str| of_kind.terms.contains(part);
            let fits = |patterns: &Regex| patterns.is_match(term);
            has(term)
                || kind == Kind::Phrase && term.split(' ').any(has)
                || of_kind.patterns.as_ref().is_some_and(fits)
        })
    }

    /// The terms of a kind that it names, in no order; `None` if it has patterns, or words of phrases, which
    /// name none.
    pub fn named(&self, kind: Kind) -> Option<Vec<&str>> {
        let Some(KindFilter { terms, patterns }) = self.kinds.get(&kind) else {
            return Some(Vec::new());
        };
        let is_whole = |term: &String| kind != Kind::Phrase || term.contains(' ');
        let all = patterns.is_none() && terms.iter().all(is_whole);
        all.then(|| terms.iter().map(String::as_str).collect())
    }
}
