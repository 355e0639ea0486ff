//! Patterns over whole terms: `*` stands for any number of characters, `?` for exactly one. Owns
//! their translation to regular expressions, which match in time linear in the term.

use std::mem;

use regex::{Regex, RegexBuilder};

use crate::result::normalize;
use crate::{Kind, Profile};

/// The most memory of the compiled patterns: room for [`super::MAX_PATTERNS`] of the longest
/// patterns, which consist of `?` alone.
const MAX_COMPILED: usize = 64 << 20;

/// Folds the characters of a pattern like the characters of a kind's terms.
pub(super) fn folded(profile: Profile, kind: Kind, pattern: &str) -> String {
    match kind {
        // The normal form of a domain is the host of a link, and a `?` ends a host: a pattern would
        // lose everything from its first `?` on.
        Kind::Domain => normalize(profile, Kind::Word, pattern),
        kind => normalize(profile, kind, pattern.trim()),
    }
}

/// Returns true if a folded pattern matches every term or is empty.
pub(super) fn is_all(folded: &str) -> bool {
    folded.chars().all(|character| character == '*')
}

/// Compiles folded patterns to an expression that matches if any of them does; `None` without
/// patterns.
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
    // Stars around a `?` become one star after it: `*?*` becomes `?*`.
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
