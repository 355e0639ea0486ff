//! Patterns over whole terms: `*` stands for any characters, also none, `?` for exactly one. Owns their
//! translation; matching is the regular expressions' crate's, in time linear in the term.

use std::mem;

use regex::{Regex, RegexBuilder};

use crate::result::normalize;
use crate::{Kind, Profile};

/// Room for [`super::MAX_PATTERNS`] of the longest patterns of nothing but `?`.
const MAX_COMPILED: usize = 64 << 20;

/// A pattern whose characters are folded as those of a kind's terms are.
pub(super) fn folded(profile: Profile, kind: Kind, pattern: &str) -> String {
    match kind {
        // A domain is cut from whatever link is typed, at a `?`, say. A pattern is none.
        Kind::Domain => normalize(profile, Kind::Word, pattern),
        kind => normalize(profile, kind, pattern.trim()),
    }
}

/// Whether a folded pattern fits every term, or has nothing in it.
pub(super) fn is_all(folded: &str) -> bool {
    folded.chars().all(|character| character == '*')
}

/// What fits any of some folded patterns, `None` without patterns.
pub(super) fn any_of(patterns: &[String]) -> Result<Option<Regex>, regex::Error> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let alternatives: Vec<String> = patterns.iter().map(|pattern| expression(pattern)).collect();
    let whole = format!(r"\A(?:{})\z", alternatives.join("|"));
    let mut builder = RegexBuilder::new(&whole);
    builder.dot_matches_new_line(true).size_limit(MAX_COMPILED);
    builder.build().map(Some)
}

fn expression(pattern: &str) -> String {
    let mut expression = String::new();
    let mut buffer = [0; 4];
    // A star comes after the `?` of its run: `*?*` is `?*`.
    let mut star = false;
    for character in pattern.chars() {
        match character {
            '*' => star = true,
            '?' => expression.push('.'),
            literal => {
                if mem::take(&mut star) {
                    expression.push_str(".*");
                }
                expression.push_str(&regex::escape(literal.encode_utf8(&mut buffer)));
            }
        }
    }
    if star {
        expression.push_str(".*");
    }
    expression
}
