//! Classes of characters. Owns every set of code points that the rules use; knows no rule.

use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, EmojiPresentation, GeneralCategory, GeneralCategoryGroup,
    Script,
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

/// Returns true for a character of a script whose words only a dictionary can separate.
#[cfg(feature = "cjk")]
pub(super) fn is_unspaced(character: char) -> bool {
    // Thai has the lowest code points of these scripts.
    character >= '\u{E00}'
        && matches!(
            CodePointMapData::<Script>::new().get(character),
            Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Thai
                | Script::Lao
                | Script::Khmer
                | Script::Myanmar
        )
}

/// Returns true for a character that can begin or join an emoji: `Emoji` outside ASCII.
pub(super) fn is_emoji(character: char) -> bool {
    // Below U+203C only © and ® are emoji, and none is between the two blocks.
    matches!(character, '\u{A9}' | '\u{AE}' | '\u{203C}'..='\u{3299}' | '\u{1F000}'..='\u{1FFFF}')
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
