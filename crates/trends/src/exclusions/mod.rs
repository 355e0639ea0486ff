//! Exclusions of a source: the terms that are hidden from readers, and the authors that the next
//! run does not count. Owns the changes, their limits and the state after all changes in order;
//! knows nothing of the log that stores them.

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

/// The most terms that are excluded from a source at a time.
pub const MAX_TERMS: usize = 10_000;
/// The most patterns. Every term of a result is matched against all of them.
pub const MAX_PATTERNS: usize = 100;
/// The most authors.
pub const MAX_AUTHORS: usize = 10_000;

/// The terms, patterns and authors that are excluded from a source after some number of changes.
/// The default is the state before the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusions {
    version: u64,
    /// By the term in lower case. Each result folds the terms by its own profile.
    terms: BTreeMap<String, Rule>,
    patterns: BTreeMap<String, Rule>,
    authors: BTreeMap<String, LastChange>,
}

/// A term or a pattern that is excluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// The text as it was last excluded.
    pub text: String,
    /// The kinds it is excluded from, at least one.
    pub kinds: BTreeSet<Kind>,
    /// The change that excluded it last.
    #[serde(flatten)]
    pub since: LastChange,
}

/// The last change that excluded a term, pattern or author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastChange {
    /// Its number, from 1.
    pub number: u64,
    /// Its time, as RFC 3339 text.
    pub at: String,
    /// Its reason, if one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The reason why a change is refused in the state after all earlier changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedChange {
    /// The subject to readmit is not excluded.
    #[error("{0} is not excluded: --list shows all exclusions")]
    NotExcluded(Subject),
    /// A limit would be exceeded.
    #[error("{count} {what} would be excluded, at most {most} can be: readmit some first")]
    TooMany {
        /// Terms, patterns or authors.
        what: &'static str,
        /// Number of them after the change.
        count: usize,
        /// The limit.
        most: usize,
    },
}

impl Exclusions {
    /// The number of the last change, 0 before the first.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The excluded terms, ascending.
    pub fn terms(&self) -> impl Iterator<Item = &Rule> {
        self.terms.values()
    }

    /// The excluded patterns, ascending.
    pub fn patterns(&self) -> impl Iterator<Item = &Rule> {
        self.patterns.values()
    }

    /// The excluded authors, ascending.
    pub fn authors(&self) -> impl Iterator<Item = (&str, &LastChange)> {
        self.authors.iter().map(|(author, since)| (author.as_str(), since))
    }

    /// Applies the next change, at a time in RFC 3339. Checks nothing: every change of a log
    /// counts.
    pub fn apply(&mut self, change: &Change, at: &str) {
        self.version += 1;
        let (number, at) = (self.version, at.to_owned());
        let since = LastChange { number, at, reason: change.reason.clone() };
        for subject in &change.subjects {
            match (subject, change.action) {
                (Subject::Term { term, kind }, action) => {
                    change_rules(&mut self.terms, term, *kind, action, &since);
                }
                (Subject::Pattern { pattern, kind }, action) => {
                    change_rules(&mut self.patterns, pattern, *kind, action, &since);
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

    /// Returns the subjects of a change whose exclusion would change.
    ///
    /// # Errors
    /// If the change readmits a subject that is not excluded, or exceeds a limit.
    pub fn effective_subjects(&self, change: &Change) -> Result<Vec<Subject>, RefusedChange> {
        let mut effective = Vec::new();
        for subject in &change.subjects {
            let excluded = self.excluded(subject);
            match change.action {
                Action::Exclude if !excluded.contains(&false) => {}
                Action::Readmit if !excluded.contains(&true) => {
                    return Err(RefusedChange::NotExcluded(subject.clone()));
                }
                _ => effective.push(subject.clone()),
            }
        }
        let mut after = self.clone();
        after.apply(&Change { subjects: effective.clone(), ..change.clone() }, "");
        for (what, before, count, most) in [
            ("terms", self.terms.len(), after.terms.len(), MAX_TERMS),
            ("patterns", self.patterns.len(), after.patterns.len(), MAX_PATTERNS),
            ("authors", self.authors.len(), after.authors.len(), MAX_AUTHORS),
        ] {
            if count > before && count > most {
                return Err(RefusedChange::TooMany { what, count, most });
            }
        }
        Ok(effective)
    }

    /// Returns, for each kind of a subject, true if a rule of the same text excludes it. An author
    /// counts as one kind.
    fn excluded(&self, subject: &Subject) -> Vec<bool> {
        let by_kind = |rules: &BTreeMap<String, Rule>, text: &str, kind: Option<Kind>| {
            let rule = rules.get(&rule_key(text));
            kinds(kind).map(|kind| rule.is_some_and(|rule| rule.kinds.contains(&kind))).collect()
        };
        match subject {
            Subject::Term { term, kind } => by_kind(&self.terms, term, *kind),
            Subject::Pattern { pattern, kind } => by_kind(&self.patterns, pattern, *kind),
            Subject::Author { author } => vec![self.authors.contains_key(author)],
        }
    }
}

/// The key of a term or pattern among the rules.
fn rule_key(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The named kind, or all kinds if none is named.
fn kinds(named: Option<Kind>) -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(move |kind| named.is_none_or(|named| named == *kind))
}

fn change_rules(
    rules: &mut BTreeMap<String, Rule>,
    text: &str,
    kind: Option<Kind>,
    action: Action,
    since: &LastChange,
) {
    let key = rule_key(text);
    match action {
        Action::Exclude => {
            let before = rules.remove(&key).map(|rule| rule.kinds).unwrap_or_default();
            let kinds = before.into_iter().chain(kinds(kind)).collect();
            rules.insert(key, Rule { text: text.trim().to_owned(), kinds, since: since.clone() });
        }
        Action::Readmit => {
            let Some(rule) = rules.get_mut(&key) else { return };
            rule.kinds.retain(|excluded| kind.is_some_and(|kind| kind != *excluded));
            if rule.kinds.is_empty() {
                rules.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests;
