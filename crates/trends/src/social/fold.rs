//! Folding: different forms of a term get one key. Owns the key of every kind of term.

use std::mem;

use icu_normalizer::ComposingNormalizerBorrowed;

use super::{characters, domain};
use crate::Kind;

/// Unicode's compatibility composition.
pub(super) const NFKC: ComposingNormalizerBorrowed<'static> =
    ComposingNormalizerBorrowed::new_nfkc();

/// The most rounds of folding after the first; no known text changes in a third round.
const MAX_ROUNDS: usize = 4;

/// The most repeats of a letter in the key of a word; further ones are dropped.
const MAX_REPEATS: usize = 3;

/// Returns the key for a term that a user typed, folded as in counting, or an empty string if it
/// can't be a term.
///
/// `typed` may be a key or a form, with or without the sign of its kind. White space separates the
/// words of a phrase; in its key, one space does.
pub fn normalize(kind: Kind, typed: &str) -> String {
    let typed = typed.trim();
    let mut key = String::new();
    match kind {
        // A user may type white space within a word.
        Kind::Word if typed.is_ascii() => {
            name(typed, &mut key);
            squeeze(&mut key);
        }
        Kind::Word => word(typed, &mut key),
        Kind::Phrase => {
            for part in typed.split_whitespace() {
                let mut folded = String::new();
                word(part, &mut folded);
                if !key.is_empty() && !folded.is_empty() {
                    key.push(' ');
                }
                key.push_str(&folded);
            }
        }
        Kind::Hashtag => signed(typed, '#', &mut key),
        Kind::Mention => signed(typed, '@', &mut key),
        Kind::Cashtag => signed(typed, '$', &mut key),
        Kind::Emoji => emoji(typed, &mut key),
        Kind::Domain => {
            let host = domain::host(typed);
            if !domain::registrable(host, &mut key) {
                name(host, &mut key);
            }
        }
    }
    key
}

/// Folds a name with or without its sign; folding makes a full-width sign a plain one.
fn signed(typed: &str, sign: char, key: &mut String) {
    name(typed, key);
    let signs = key.len() - key.trim_start_matches(sign).len();
    key.drain(..signs);
}

/// Replaces `key` with the key of a word; `form` has no white space.
///
/// Beside the folding of a name, the key has no vowel signs of Arabic and Hebrew and no tatweel,
/// which most posts leave out (as in Lucene's `ArabicNormalizer`), and geresh and gershayim are `'`
/// and `"`. Letters stay what they are: an alef with hamza is no bare alef.
pub(super) fn word(form: &str, key: &mut String) {
    if form.is_ascii() {
        key.clear();
        key.push_str(form);
        key.make_ascii_lowercase();
    } else {
        fold(form, key, |character| match character {
            '\u{5F3}' => Some('\''),
            '\u{5F4}' => Some('"'),
            _ => Some(character).filter(|_| !characters::is_optional(character)),
        });
    }
    squeeze(key);
}

/// Replaces `key` with the folded `form` of a name; repeated letters are kept.
///
/// Folding is NFKC and simple case folding, repeated until nothing changes. It removes
/// default-ignorable characters, as `NFKC_Casefold` of Unicode section 3.13 does, and white space,
/// which compatibility forms within a name can bring in. It replaces U+2019 with `'`.
pub(super) fn name(form: &str, key: &mut String) {
    if !form.is_ascii() {
        return fold(form, key, Some);
    }
    key.clear();
    key.push_str(form);
    key.make_ascii_lowercase();
    if key.contains(|c: char| c.is_ascii_whitespace() || c == '\u{B}') {
        key.retain(|c| !c.is_whitespace());
    }
}

/// Replaces `key` with the folded `form`. `further` folds a folded character once more, or drops it.
fn fold(form: &str, key: &mut String, further: fn(char) -> Option<char>) {
    key.clear();
    fold_characters(&NFKC.normalize(form), key, further);
    for _ in 0..MAX_ROUNDS {
        if is_folded(key) {
            return;
        }
        let again = mem::take(key);
        fold_characters(&NFKC.normalize(&again), key, further);
    }
}

fn fold_characters(text: &str, key: &mut String, further: fn(char) -> Option<char>) {
    let kept =
        |character: &char| !character.is_whitespace() && !characters::is_ignorable(*character);
    key.extend(text.chars().filter(kept).map(fold_character).filter_map(further));
}

fn is_folded(key: &str) -> bool {
    NFKC.is_normalized(key)
        && key.chars().all(|c| fold_character(c) == c && !characters::is_ignorable(c))
}

fn fold_character(character: char) -> char {
    match character {
        '\u{2019}' => '\'',
        _ if character.is_ascii() => character.to_ascii_lowercase(),
        _ => unicode_case_mapping::case_folded(character)
            .and_then(|folded| char::from_u32(folded.get()))
            .unwrap_or(character),
    }
}

/// Replaces `key` with an emoji without variation selectors and skin tone. A skin tone that begins
/// the emoji stays.
pub(super) fn emoji(form: &str, key: &mut String) {
    key.clear();
    for character in form.chars() {
        let is_tone_of_base = !key.is_empty() && characters::is_skin_tone(character);
        let is_selector =
            matches!(character, characters::TEXT_SELECTOR | characters::EMOJI_SELECTOR);
        if !is_tone_of_base && !is_selector {
            key.push(character);
        }
    }
}

/// Returns the key of a word that only repeated letters can tell from its `form`. `key` is a buffer.
pub(super) fn squeezed<'a>(form: &'a str, key: &'a mut String) -> &'a str {
    // The characters of such words have three bytes or four.
    if form.len() <= 3 * MAX_REPEATS {
        return form;
    }
    key.clear();
    key.push_str(form);
    squeeze(key);
    key
}

/// Shortens repeats of a letter to [`MAX_REPEATS`] letters.
fn squeeze(key: &mut String) {
    let is_run = |run: &[u8]| run[0] == run[3] && run[0] == run[1] && run[0] == run[2];
    if key.is_ascii() && !key.as_bytes().windows(MAX_REPEATS + 1).any(is_run) {
        return;
    }
    let mut last = None;
    let mut repeats = 0;
    key.retain(|character| {
        repeats = if last == Some(character) { repeats + 1 } else { 1 };
        last = Some(character);
        repeats <= MAX_REPEATS || !character.is_alphabetic()
    });
}
