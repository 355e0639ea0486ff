//! Classes of characters. Owns every set of code points that the rules use; knows no rule.

use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, EmojiPresentation, GeneralCategory, GeneralCategoryGroup,
    Script, WordBreak,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// U+FE0E: shows the character before it as text.
pub(super) const TEXT_SELECTOR: char = '\u{FE0E}';
/// U+FE0F: shows the character before it as an emoji.
pub(super) const EMOJI_SELECTOR: char = '\u{FE0F}';
/// U+20E3, the keycap around a digit, `#` or `*`.
pub(super) const KEYCAP: char = '\u{20E3}';
/// U+200D, which joins emoji.
pub(super) const JOINER: char = '\u{200D}';

/// Returns true for a letter or mark: twitter-text's `hashtagAlpha`, `[\p{L}\p{M}]`.
pub(super) fn is_hashtag_letter(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphabetic();
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Mark).contains(category)
}

/// Returns true for an alphabetic character that is not a mark. Every word needs one: a mark alone
/// may have lost its base character.
pub(super) fn is_letter(character: char) -> bool {
    character.is_alphabetic()
        && (character.is_ascii()
            || !GeneralCategoryGroup::Mark
                .contains(CodePointMapData::<GeneralCategory>::new().get(character)))
}

/// Returns true for a character of a hashtag: twitter-text's `hashtagAlphaNumeric`, which has
/// letters, marks, decimal digits, `_` and the special characters.
pub(super) fn is_hashtag_character(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || character == '_';
    }
    is_hashtag_letter(character)
        || is_hashtag_special(character)
        || CodePointMapData::<GeneralCategory>::new().get(character)
            == GeneralCategory::DecimalNumber
}

/// Returns true for twitter-text's `hashtagSpecialChars` outside ASCII: joiners, and signs that
/// some scripts write within words.
fn is_hashtag_special(character: char) -> bool {
    matches!(
        character,
        '\u{B7}'
            | '\u{5BE}'
            | '\u{5F3}'
            | '\u{5F4}'
            | '\u{F0B}'
            | '\u{F0C}'
            | '\u{200C}'
            | '\u{200D}'
            | '\u{3003}'
            | '\u{301C}'
            | '\u{309B}'
            | '\u{309C}'
            | '\u{30A0}'
            | '\u{30FB}'
            | '\u{A67E}'
            | '\u{FF5E}'
    )
}

/// Returns true for twitter-text's `latinAccentChars`.
pub(super) fn is_latin_accent(character: char) -> bool {
    matches!(
        character,
        '\u{C0}'..='\u{D6}'
            | '\u{D8}'..='\u{F6}'
            | '\u{F8}'..='\u{24F}'
            | '\u{253}'
            | '\u{254}'
            | '\u{256}'
            | '\u{257}'
            | '\u{259}'
            | '\u{25B}'
            | '\u{263}'
            | '\u{268}'
            | '\u{26F}'
            | '\u{272}'
            | '\u{289}'
            | '\u{28B}'
            | '\u{2BB}'
            | '\u{300}'..='\u{36F}'
            | '\u{1E00}'..='\u{1EFF}'
    )
}

/// Returns true for twitter-text's `cyrillicLettersAndMarks`.
pub(super) fn is_cyrillic(character: char) -> bool {
    matches!(character, '\u{400}'..='\u{4FF}')
}

/// Returns true for twitter-text's `spaces`.
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{180E}'
}

/// Returns true for an invisible character: `Default_Ignorable_Code_Point`. NFKC case folding
/// (Unicode section 3.13, R5) removes such characters from keys.
pub(super) fn is_ignorable(character: char) -> bool {
    !character.is_ascii()
        && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// Returns true for a sign that posts in Arabic or Hebrew mostly leave out: tatweel, harakat, points
/// and accents.
pub(super) fn is_optional(character: char) -> bool {
    matches!(
        character,
        '\u{640}'
            | '\u{64B}'..='\u{652}'
            | '\u{670}'
            | '\u{591}'..='\u{5BD}'
            | '\u{5BF}'
            | '\u{5C1}'
            | '\u{5C2}'
            | '\u{5C4}'
            | '\u{5C5}'
            | '\u{5C7}'
    )
}

/// Returns true if a single character is long enough for a word: Han and kana are written without
/// spaces, and a Hangul syllable stands for about three Latin letters.
pub(super) fn is_word_alone(character: char) -> bool {
    // Hangul Jamo, at U+1100, have the lowest code points of these scripts.
    character >= '\u{1100}'
        && matches!(
            CodePointMapData::<Script>::new().get(character),
            Script::Han | Script::Hangul | Script::Hiragana | Script::Katakana
        )
}

/// The scripts that are written without spaces, so that only a dictionary can separate words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unspaced {
    /// Chinese and Japanese but for Katakana, which UAX #29 joins to words.
    HanOrHiragana,
    Thai,
    Lao,
    Khmer,
    Burmese,
}

/// Returns the script of a letter, mark or sign whose words only a dictionary can separate. UAX #29
/// gives each of them the class `Other` or, to marks, `Extend`; only marks of iteration are letters to it.
#[inline]
pub(super) fn unspaced(character: char) -> Option<Unspaced> {
    // The frequent ones first: this is asked of every character.
    if character < '\u{E01}' {
        return None;
    }
    if matches!(character, '\u{3041}'..='\u{3096}' | '\u{4E00}'..='\u{9FFF}') {
        return Some(Unspaced::HanOrHiragana);
    }
    match character {
        '\u{E01}'..='\u{E3A}' | '\u{E40}'..='\u{E4E}' => Some(Unspaced::Thai),
        '\u{E81}'..='\u{ECE}' | '\u{EDC}'..='\u{EDF}' => assigned(character, Unspaced::Lao),
        '\u{1000}'..='\u{103F}'
        | '\u{1050}'..='\u{108F}'
        | '\u{109A}'..='\u{109D}'
        | '\u{A9E0}'..='\u{A9EF}'
        | '\u{A9FA}'..='\u{A9FE}'
        | '\u{AA60}'..='\u{AA76}'
        | '\u{AA7A}'..='\u{AA7F}' => Some(Unspaced::Burmese),
        '\u{1780}'..='\u{17D3}' | '\u{17D7}' | '\u{17DC}' | '\u{17DD}' => Some(Unspaced::Khmer),
        '\u{3005}'..='\u{3007}'
        | '\u{3021}'..='\u{3029}'
        | '\u{3038}'..='\u{303B}'
        | '\u{309D}'..='\u{309F}'
        | '\u{3400}'..='\u{4DBF}' => Some(Unspaced::HanOrHiragana),
        '\u{F900}'..='\u{FAFF}'
        | '\u{16FE2}'..='\u{16FE3}'
        | '\u{1B001}'..='\u{1B11F}'
        | '\u{1B132}'
        | '\u{1B150}'..='\u{1B152}'
        | '\u{20000}'..='\u{33479}' => assigned(character, Unspaced::HanOrHiragana),
        _ => None,
    }
}

/// Returns `script` if the character is assigned.
fn assigned(character: char, script: Unspaced) -> Option<Unspaced> {
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    (category != GeneralCategory::Unassigned).then_some(script)
}

/// Returns true for a letter of Katakana, its signs of iteration and the prolonged sound mark.
#[inline]
pub(super) fn is_katakana(character: char) -> bool {
    matches!(
        character,
        '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}'
    )
}

/// Returns true for a letter of Hiragana or Katakana, and the prolonged sound mark.
pub(super) fn is_kana(character: char) -> bool {
    matches!(
        character,
        '\u{3041}'..='\u{3096}' | '\u{309D}'..='\u{309F}' | '\u{1B001}'..='\u{1B167}'
    ) || is_katakana(character)
}

/// Returns true for a mark: `\p{M}`.
pub(super) fn is_mark(character: char) -> bool {
    GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(character))
}

/// Returns true for a character that UAX #29 joins to the one before it (WB4).
pub(super) fn extends(character: char) -> bool {
    character >= '\u{AD}'
        && matches!(
            CodePointMapData::<WordBreak>::new().get(character),
            WordBreak::Extend | WordBreak::Format | WordBreak::ZWJ
        )
}

/// Returns true for a character that can begin or join an emoji: `Emoji` outside ASCII.
pub(super) fn is_emoji(character: char) -> bool {
    // Kana and Han are frequent, and look-ups dear: only four characters from U+3000 on are emoji.
    let (symbols, pictographs) = ('\u{203C}'..='\u{2B55}', '\u{1F000}'..='\u{1FFFF}');
    (symbols.contains(&character)
        || pictographs.contains(&character)
        || matches!(
            character,
            '\u{A9}' | '\u{AE}' | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}'
        ))
        && CodePointSetData::new::<Emoji>().contains(character)
}

/// Returns true for an emoji that needs no U+FE0F: `Emoji_Presentation`, and the pictographs of
/// U+2600 to U+27BF and from U+1F000 on, which people write without it.
pub(super) fn is_shown_as_emoji(character: char) -> bool {
    matches!(character, '\u{2600}'..='\u{27BF}' | '\u{1F000}'..)
        || CodePointSetData::new::<EmojiPresentation>().contains(character)
}

/// Returns true for one of the two characters of a flag.
pub(super) fn is_regional_indicator(character: char) -> bool {
    matches!(character, '\u{1F1E6}'..='\u{1F1FF}')
}

/// Returns true for one of Fitzpatrick's skin tones: `Emoji_Modifier`.
pub(super) fn is_skin_tone(character: char) -> bool {
    matches!(character, '\u{1F3FB}'..='\u{1F3FF}')
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    /// Compares a class with a pattern on every character that the tables of `regex` assign.
    fn assert_agrees(class: fn(char) -> bool, pattern: &str) {
        let pattern = Regex::new(&format!("^{pattern}$")).unwrap();
        let assigned = Regex::new(r"^\P{Cn}$").unwrap();
        let mut text = String::new();
        for character in '\0'..=char::MAX {
            text.clear();
            text.push(character);
            if assigned.is_match(&text) {
                assert_eq!(class(character), pattern.is_match(&text), "{:04x}", character as u32);
            }
        }
    }

    #[test]
    fn the_hashtag_classes_match_the_published_patterns() {
        assert_agrees(is_hashtag_letter, r"[\p{L}\p{M}]");
        let special = r"_\x{200c}\x{200d}\x{a67e}\x{5be}\x{5f3}\x{5f4}\x{ff5e}\x{301c}\x{309b}\x{309c}\x{30a0}\x{30fb}\x{3003}\x{f0b}\x{f0c}\x{b7}";
        assert_agrees(is_hashtag_character, &format!(r"[\p{{L}}\p{{M}}\p{{Nd}}{special}]"));
    }

    #[test]
    fn the_other_classes_match_their_unicode_properties() {
        assert_agrees(is_word_alone, r"[\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}]");
        assert_agrees(is_emoji, r"[\p{Emoji}&&[^\x00-\x7f]]");
        assert_agrees(is_skin_tone, r"\p{Emoji_Modifier}");
        assert_agrees(is_regional_indicator, r"\p{Regional_Indicator}");
        assert_agrees(is_letter, r"[\p{Alphabetic}--\p{M}]");
        assert_agrees(is_ignorable, r"\p{Default_Ignorable_Code_Point}");
    }
}
