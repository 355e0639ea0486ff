//! Cursors: a position in a ranking of one generation. Owns their text form, which is opaque to
//! callers.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{Generation, RunId, SourceName};
use trends::Kind;

use crate::problem::Problem;

/// The first part of the text form. A changed form gets another number.
const FORMAT: &str = "1";

/// A position in a ranking of one generation of a source. The run distinguishes the generation from
/// the one with the same number in another store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) source: SourceName,
    pub(crate) generation: u64,
    pub(crate) run: RunId,
    pub(crate) kind: Kind,
    /// The number of topics before the position. Excluded topics count, so later exclusions don't
    /// move it.
    pub(crate) position: u64,
}

impl Cursor {
    /// A position in a generation.
    pub(crate) fn new(generation: &Generation, kind: Kind, position: u64) -> Self {
        let Generation { source, generation, run, .. } = generation;
        Self { source: source.clone(), generation: *generation, run: run.clone(), kind, position }
    }

    /// Parses the text form.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        Self::read(text).ok_or_else(|| {
            let detail =
                "this is not a cursor: copy `next` of the previous answer, or begin without one";
            Problem::bad_request(detail)
        })
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let parts: Vec<&str> = text.split('/').collect();
        let [FORMAT, source, generation, run, kind, position] = parts.as_slice() else {
            return None;
        };
        Some(Self {
            source: SourceName::new(source).ok()?,
            generation: generation.parse().ok()?,
            run: RunId::new(run).ok()?,
            kind: kind.parse().ok()?,
            position: position.parse().ok()?,
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, generation, run, kind, position } = self;
        // No part has a slash.
        let text = format!("{FORMAT}/{source}/{generation}/{run}/{}/{position}", kind.name());
        f.write_str(&URL_SAFE_NO_PAD.encode(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_cursor_is_parsed_and_any_other_text_is_refused() {
        let cursor = Cursor {
            source: SourceName::new("sample").unwrap(),
            generation: 7,
            run: RunId::new("a-1.b_2").unwrap(),
            kind: Kind::Hashtag,
            position: u64::MAX,
        };
        let text = cursor.to_string();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_eq!(Cursor::parse(&text), Ok(cursor));
        let written = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for bad in [
            String::new(),
            "!".to_owned(),
            text[1..].to_owned(),
            written("2/sample/7/a-1/word/3"),
            written("1/sample/7/a-1/word"),
            written("1/sample/7/a-1/word/3/4"),
            written("1/.sample/7/a-1/word/3"),
            written("1/sample/7/a-1/noun/3"),
            written("1/sample/-7/a-1/word/3"),
        ] {
            assert!(Cursor::parse(&bad).is_err(), "{bad}");
        }
    }
}
