//! Exclusions of a source: which terms readers are not shown, and which authors the next run does not
//! count. Owns what a change says, its limits, and what follows from all changes in order; knows nothing
//! of where they are kept.

mod change;
mod filter;
mod glob;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::Kind;

pub use change::{
    Action, Change, InvalidChange, MAX_AUTHOR_BYTES, MAX_PATTERN_BYTES, MAX_REASON_BYTES,
    MAX_SUBJECTS, Subject,
};
pub use filter::{ExclusionFilter, UnusablePatterns};

/// The most terms that are excluded of one source at a time.
pub const MAX_TERMS: usize = 10_000;
/// The most patterns: every term of a result is held against all of them.
pub const MAX_PATTERNS: usize = 100;
/// The most authors.
pub const MAX_AUTHORS: usize = 10_000;

/// What is excluded of a source after some number of changes. The default is before the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusions {
    version: u64,
    /// By the term in lower case: the profile that folds it is that of a result, and results may differ.
    terms: BTreeMap<String, Rule>,
    patterns: BTreeMap<String, Rule>,
    authors: BTreeMap<String, LastChange>,
}

/// A term or a pattern that is excluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// As it was typed last.
    pub text: String,
    /// The kinds of terms it is excluded of, never none.
    pub kinds: BTreeSet<Kind>,
    /// By which change.
    #[serde(flatten)]
    pub since: LastChange,
}

/// The last change that excluded something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastChange {
    /// Its number, from 1.
    pub number: u64,
    /// When, as RFC 3339 text.
    pub at: String,
    /// Why, if it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why a change can't follow on what there is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedChange {
    /// There is nothing to readmit.
    #[error("{0} is not excluded: --list shows what is")]
    NotExcluded(Subject),
    /// There would be too many.
    #[error("{count} {what} would be excluded, at most {most} can be: readmit some first")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there would be.
        count: usize,
        /// How many there may be.
        most: usize,
    },
}

impl Exclusions {
    /// The number of the last change that is in this, 0 before the first.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The terms that are excluded, ascending.
    pub fn terms(&self) -> impl Iterator<Item = &Rule> {
        self.terms.values()
    }

    /// The patterns that are excluded, ascending.
    pub fn patterns(&self) -> impl Iterator<Item = &Rule> {
        self.patterns.values()
    }

    /// The authors that are excluded, ascending.
    pub fn authors(&self) -> impl Iterator<Item = (&str, &LastChange)> {
        self.authors.iter().map(|(author, since)| (author.as_str(), since))
    }

    /// The same after the change with the next number. Nothing is checked: what stands in a log counts.
    pub fn apply(&mut self, change: &Change, at: &str) {
        self.version += 1;
        let (number, at) = (self.version, at.to_owned());
        let since = LastChange { number, at, reason: change.reason.clone() };
        for subject in &change.subjects {
            match (subject, change.action) {
                (Subject::Term { term, kind }, action) => {
                    changed(&mut self.terms, term, *kind, action, &since);
                }
                (Subject::Pattern { pattern, kind }, action) => {
                    changed(&mut self.patterns, pattern, *kind, action, &since);
                }
                (Subject::Author { author }, Action::Exclude) => {
                    self.authors.insert(author.clone(), since.clone());
                }
                (Subject::Author { author }, Action::Readmit) => {
                    self.authors.remove(author);
                }
            }
        }
    }

    /// What of a change would change something; an empty list if nothing would.
    ///
    /// # Errors
    /// If it readmits what is not excluded, or excludes more than may be.
    pub fn effective_subjects(&self, change: &Change) -> Result<Vec<Subject>, RefusedChange> {
        let mut needed = Vec::new();
        for subject in &change.subjects {
            match (self.excludes(subject), change.action) {
                (Extent::All, Action::Exclude) => {}
                (Extent::None, Action::Readmit) => {
                    return Err(RefusedChange::NotExcluded(subject.clone()));
                }
                _ => needed.push(subject.clone()),
            }
        }
        let mut after = self.clone();
        after.apply(&Change { subjects: needed.clone(), ..change.clone() }, "");
        for (what, before, count, most) in [
            ("terms", self.terms.len(), after.terms.len(), MAX_TERMS),
            ("patterns", self.patterns.len(), after.patterns.len(), MAX_PATTERNS),
            ("authors", self.authors.len(), after.authors.len(), MAX_AUTHORS),
        ] {
            if count > before && count > most {
                return Err(RefusedChange::TooMany { what, count, most });
            }
        }
        Ok(needed)
    }

    /// How much of what a subject names is excluded by the same term, pattern or author.
    fn excludes(&self, subject: &Subject) -> Extent {
        let of = |rules: &BTreeMap<String, Rule>, text: &str, kind: Option<Kind>| {
            let Some(rule) = rules.get(&identity(text)) else { return Extent::None };
            let excluded = kinds(kind).filter(|kind| rule.kinds.contains(kind)).count();
            match excluded {
                0 => Extent::None,
                some if some == kinds(kind).count() => Extent::All,
                _ => Extent::Some,
            }
        };
        match subject {
            Subject::Term { term, kind } => of(&self.terms, term, *kind),
            Subject::Pattern { pattern, kind } => of(&self.patterns, pattern, *kind),
            Subject::Author { author } if self.authors.contains_key(author) => Extent::All,
            Subject::Author { .. } => Extent::None,
        }
    }
}

enum Extent {
    None,
    Some,
    All,
}

/// What tells one term or pattern from another.
fn identity(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The kinds that are meant where one or none is named.
fn kinds(named: Option<Kind>) -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(move |kind| named.is_none_or(|named| named == *kind))
}

fn changed(
    rules: &mut BTreeMap<String, Rule>,
    text: &str,
    kind: Option<Kind>,
    action: Action,
    since: &LastChange,
) {
    let key = identity(text);
    match action {
        Action::Exclude => {
            let before = rules.remove(&key).map(|rule| rule.kinds).unwrap_or_default();
            let kinds = before.into_iter().chain(kinds(kind)).collect();
            rules.insert(key, Rule { text: text.trim().to_owned(), kinds, since: since.clone() });
        }
        Action::Readmit => {
            let Some(rule) = rules.get_mut(&key) else { return };
            rule.kinds.retain(|of| kind.is_some_and(|kind| kind != *of));
            if rule.kinds.is_empty() {
                rules.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests;
