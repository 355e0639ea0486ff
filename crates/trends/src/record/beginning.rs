//! The most bytes that are read of each part of a record. Owns the limits and the places of the
//! cuts. They belong to the definition of a result, as the rules for words do: every machine cuts a
//! record at the same byte.
//!
//! Without limits one record of many mebibytes could add millions of rows, more than any budget
//! for counting tables holds.

/// The bytes of a text that are read, with its escapes resolved and before its tags are removed.
/// The longest posts of large platforms have some 100,000 characters.
pub const MAX_TEXT_BYTES: usize = 256 << 10;

/// The bytes of the JSON of entities that are read. Longer entities are not read at all, and the
/// text is searched as if they were absent.
pub const MAX_ENTITIES_BYTES: usize = 256 << 10;

/// The bytes of a time, author, id or language that are read.
pub const MAX_FIELD_BYTES: usize = 64 << 10;

/// The bytes before a limit in which the cut looks for white space: as many as the longest stored
/// term has. Some scripts are written without spaces.
const LONGEST_WORD: usize = crate::term::MAX_TERM_BYTES;

/// Returns `content` if it has at most `limit` bytes. Otherwise returns its beginning up to the
/// last ASCII white space in the 1,024 bytes before the limit, so that no word is cut; without
/// white space there, all characters that end within the limit. `content` is UTF-8, but its last
/// character may be incomplete if it ends past the limit.
#[inline]
pub(super) fn beginning(content: &[u8], limit: usize) -> &[u8] {
    if content.len() <= limit { content } else { cut(content, limit) }
}

#[cold]
fn cut(content: &[u8], limit: usize) -> &[u8] {
    // A word that ends exactly at the limit is whole if white space follows it.
    let head = content.get(..=limit).unwrap_or(content);
    let is_first_byte = |byte: &u8| (*byte as i8) >= -0x40;
    let from = limit.saturating_sub(LONGEST_WORD);
    let last = head.get(from..).unwrap_or_default();
    let end = last.iter().rposition(u8::is_ascii_whitespace);
    let end = end.or_else(|| last.iter().rposition(is_first_byte)).unwrap_or(0);
    content.get(..from + end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_the_last_white_space_or_character_within_the_limit() {
        for (text, limit, kept) in [
            ("one two", 7, "one two"),
            ("one two", 6, "one"),
            ("one two", 3, "one"),
            ("one two", 4, "one"),
            ("one\n two", 5, "one\n"),
            ("one", 2, "on"),
            ("\u{e9}\u{e9}", 4, "\u{e9}\u{e9}"),
            ("\u{e9}\u{e9}", 3, "\u{e9}"),
            ("\u{e9}\u{e9}", 2, "\u{e9}"),
            ("\u{e9}\u{e9}", 1, ""),
            (" one", 2, ""),
            (
                &format!("title {}", "\u{4e2d}".repeat(400)),
                1_106,
                &format!("title {}", "\u{4e2d}".repeat(366)),
            ),
        ] {
            let found = beginning(text.as_bytes(), limit);
            assert_eq!(std::str::from_utf8(found).unwrap(), kept, "{text:?} to {limit}");
        }
    }
}
