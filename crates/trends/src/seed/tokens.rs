//! Splits a text into the words of the `Seed` profile, stop words included.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::letters::letters;

/// The least number of letters in a token.
const MIN_LETTERS: usize = 4;

static HTTP: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("http"));

/// Passes every token of `text` to `sink`: one of at most 16 letters to [`TokenSink::short`], a
/// longer one to [`TokenSink::long`].
///
/// Stop words are tokens, too: dropping them after counting is cheaper.
pub fn tokens(text: &[u8], sink: &mut impl TokenSink) {
    let mut rest = 0;
    let mut from = 0;
    while let Some(found) = HTTP.find(&text[from..]) {
        let link = from + found;
        let after = link + 4;
        if text.get(after).is_some_and(|byte| !is_space(*byte)) {
            words(text, rest, link, sink);
            let end = text[after..].iter().position(|byte| is_space(*byte));
            rest = end.map_or(text.len(), |length| after + length);
            from = rest;
        } else {
            // `http` before white space or the end is a word.
            from = after;
        }
    }
    words(text, rest, text.len(), sink);
}

/// The receiver of a text's tokens.
pub trait TokenSink {
    /// Receives a token of 4 to 16 letters: its lower-case letters, little-endian and zero-padded,
    /// and its length.
    fn short(&mut self, letters: u128, length: usize);
    /// Receives a token of more than 16 letters in its original case. Such tokens are rare, and the
    /// sink copies them anyway.
    fn long(&mut self, token: &[u8]);
}

/// Returns true for the white space that Java's `\s` matches, which is ASCII only.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0B | 0x0C | b'\r')
}

/// Passes the tokens in `text[start..end]` to `sink`.
fn words(text: &[u8], start: usize, end: usize, sink: &mut impl TokenSink) {
    let mut open = None;
    let mut at = start;
    while at < end {
        let mut letters = block_mask(text, at, end);
        if let Some(first) = open {
            let run = letters.trailing_ones();
            if run == 64 {
                at += 64;
                continue;
            }
            token(text, first, at + run as usize, sink);
            letters &= u64::MAX << run;
        }
        // A sequence of letters that reaches the end of these 64 bytes continues in the next ones.
        let unfinished = letters.leading_ones();
        open = (unfinished > 0).then(|| at + 64 - unfinished as usize);
        letters &= u64::MAX.checked_shr(unfinished).unwrap_or(0);
        // Half of all words are too short, so the mask keeps only the beginnings of sequences of at
        // least four letters.
        let begin = letters & !(letters << 1);
        let mut tokens = begin & (letters >> 1) & (letters >> 2) & (letters >> 3);
        while tokens != 0 {
            let first = tokens.trailing_zeros();
            let run = (letters >> first).trailing_ones();
            token(text, at + first as usize, at + (first + run) as usize, sink);
            tokens &= tokens - 1;
        }
        at += 64;
    }
    if let Some(first) = open {
        token(text, first, end, sink);
    }
}

/// Returns the mask of the letters among the 64 bytes from `at`. Bytes at or past `end` count as
/// other characters.
#[inline]
fn block_mask(text: &[u8], at: usize, end: usize) -> u64 {
    if let Some(block) = text[..end].get(at..).and_then(|rest| rest.first_chunk::<64>()) {
        letters(block)
    } else {
        let tail = &text[at..end];
        let mut block = [0; 64];
        block[..tail.len()].copy_from_slice(tail);
        letters(&block)
    }
}

#[inline]
fn token(text: &[u8], first: usize, end: usize, sink: &mut impl TokenSink) {
    /// Bit 5 of each byte makes an ASCII letter lower-case.
    const LOWER: u128 = u128::from_le_bytes([0x20; 16]);
    let length = end - first;
    if length < MIN_LETTERS {
        return;
    }
    if length > 16 {
        sink.long(&text[first..end]);
        return;
    }
    let raw = if let Some(chunk) = text[first..].first_chunk::<16>() {
        u128::from_le_bytes(*chunk)
    } else {
        let mut chunk = [0; 16];
        chunk[..length].copy_from_slice(&text[first..end]);
        u128::from_le_bytes(chunk)
    };
    let mask = u128::MAX >> (128 - 8 * length);
    sink.short((raw | LOWER) & mask, length);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::bytes::Regex;

    use super::*;

    #[derive(Default)]
    struct Words(Vec<String>);

    impl TokenSink for Words {
        fn short(&mut self, letters: u128, length: usize) {
            self.0.push(String::from_utf8(letters.to_le_bytes()[..length].to_vec()).unwrap());
        }

        fn long(&mut self, token: &[u8]) {
            self.0.push(String::from_utf8(token.to_ascii_lowercase()).unwrap());
        }
    }

    fn split(text: &str) -> Vec<String> {
        let mut words = Words::default();
        tokens(text.as_bytes(), &mut words);
        words.0
    }

    /// Returns the words by the original's steps, one after the other.
    fn original(text: &str) -> Vec<String> {
        let steps = [r"http[^ \t\n\x0B\x0C\r]+", r"[!-/:-@\[-`{-~]", "[0-9]", "[^a-zA-Z]"];
        let mut text = text.as_bytes().to_vec();
        for step in steps {
            let step = Regex::new(&format!("(?-u){step}")).unwrap();
            text = step.replace_all(&text, &b" "[..]).into_owned();
        }
        let text = String::from_utf8(text.to_ascii_lowercase()).unwrap();
        text.split(' ').filter(|word| word.len() > 3).map(str::to_owned).collect()
    }

    #[test]
    fn the_quirks_of_the_original_are_kept() {
        for (text, expected) in [
            ("Love is ALL around", vec!["love", "around"]),
            ("see http://t.co/x now", vec![]),
            ("foohttp://t.co/abcd bars", vec!["bars"]),
            ("wordhttp://t.co/abcd bars", vec!["word", "bars"]),
            ("HTTP://example.org", vec!["http", "example"]),
            ("bare http stays", vec!["bare", "http", "stays"]),
            ("ends in http", vec!["ends", "http"]),
            ("httphttp gone", vec!["gone"]),
            ("link http://a\u{a0}still\u{2028}link done", vec!["link", "done"]),
            ("link http://a\x0Bends", vec!["link", "ends"]),
            ("&quot;amp&amp;", vec!["quot"]),
            ("café mañana año", vec![]),
            ("don't can't wouldn't", vec!["wouldn"]),
            ("abcd1efgh_ijkl", vec!["abcd", "efgh", "ijkl"]),
            ("\0null\0byte", vec!["null", "byte"]),
            ("", vec![]),
        ] {
            assert_eq!(split(text), expected, "{text:?}");
        }
    }

    #[test]
    fn words_across_block_boundaries_are_not_cut() {
        for pad in 0..140 {
            for length in [3, 4, 15, 16, 17, 63, 64, 65, 200] {
                let text = format!("{}{}", ".".repeat(pad), "Ab".repeat(length).split_at(length).0);
                assert_eq!(split(&text), original(&text), "{pad} {length}");
                let text = format!("{text} http://x {text}!");
                assert_eq!(split(&text), original(&text), "{pad} {length} twice");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_has_the_words_of_the_original(
            text in r"(http|HTTP|[a-zA-Z]{1,20}|[ \t\n\r\x0B\x0C]|[!-~]|\PC|é|\u{a0}|\u{85}){0,60}"
        ) {
            prop_assert_eq!(split(&text), original(&text));
        }
    }
}
