//! Classes of characters. Owns every set of code points that the rules speak of; knows no rule.

use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, EmojiPresentation, GeneralCategory, GeneralCategoryGroup,
    Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// U+FE0E and U+FE0F: show the character before as text, or as an emoji.
pub(super) const TEXT_SELECTOR: char = '\u{FE0E}';
/// See [`TEXT_SELECTOR`].
pub(super) const EMOJI_SELECTOR: char = '\u{FE0F}';
/// U+20E3, the keycap around a digit, `#` or `*`.
pub(super) const KEYCAP: char = '\u{20E3}';
/// U+200D, which joins emoji.
pub(super) const JOINER: char = '\u{200D}';

/// A letter or mark: twitter-text's `hashtagAlpha`, `[\p{L}\p{M}]`.
pub(super) fn is_hashtag_letter(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphabetic();
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Mark).contains(category)
}

/// What makes a piece of text a word: something alphabetic that is no mark, which may have lost
/// what it stood on.
pub(super) fn is_letter(character: char) -> bool {
    character.is_alphabetic()
        && (character.is_ascii()
            || !GeneralCategoryGroup::Mark
                .contains(CodePointMapData::<GeneralCategory>::new().get(character)))
}

/// What may be in a hashtag: twitter-text's `hashtagAlphaNumeric`, letters, marks, decimal digits
/// and its sixteen special characters.
pub(super) fn is_hashtag_character(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || character == '_';
    }
    is_hashtag_letter(character)
        || is_hashtag_special(character)
        || CodePointMapData::<GeneralCategory>::new().get(character)
            == GeneralCategory::DecimalNumber
}

/// twitter-text's `hashtagSpecialChars` outside ASCII: the joiners and the signs of scripts that
/// write words with them.
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

/// twitter-text's `latinAccentChars`.
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

/// twitter-text's `cyrillicLettersAndMarks`.
pub(super) fn is_cyrillic(character: char) -> bool {
    matches!(character, '\u{400}'..='\u{4FF}')
}

/// twitter-text's `spaces`.
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{180E}'
}

/// Characters that show nothing of themselves: `Default_Ignorable_Code_Point`. NFKC case folding
/// (Unicode section 3.13, R5) takes them out of keys.
pub(super) fn is_ignorable(character: char) -> bool {
    !character.is_ascii()
        && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// Whether a single character is a word: Han and kana are written without spaces, and a Hangul
/// syllable says as much as three Latin letters.
pub(super) fn is_word_alone(character: char) -> bool {
    // Hangul Jamo, U+1100, are the first of them.
    character >= '\u{1100}'
        && matches!(
            CodePointMapData::<Script>::new().get(character),
            Script::Han | Script::Hangul | Script::Hiragana | Script::Katakana
        )
}

/// Whether a character is of a script whose words only a dictionary parts.
#[cfg(feature = "cjk")]
pub(super) fn is_unspaced(character: char) -> bool {
    // Thai is the first of them.
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

/// Whether a character can begin or join an emoji: `Emoji` outside ASCII.
pub(super) fn is_emoji(character: char) -> bool {
    // Below, nothing but © and ®; between the two blocks, nothing at all.
    matches!(character, '\u{A9}' | '\u{AE}' | '\u{203C}'..='\u{3299}' | '\u{1F000}'..='\u{1FFFF}')
        && CodePointSetData::new::<Emoji>().contains(character)
}

/// Whether it is shown as an emoji without being asked to: `Emoji_Presentation`, and the
/// pictographs of U+2600 to U+27BF and from U+1F000 on, which people write without U+FE0F.
pub(super) fn is_shown_as_emoji(character: char) -> bool {
    matches!(character, '\u{2600}'..='\u{27BF}' | '\u{1F000}'..)
        || CodePointSetData::new::<EmojiPresentation>().contains(character)
}

/// Two of these make a flag.
pub(super) fn is_regional_indicator(character: char) -> bool {
    matches!(character, '\u{1F1E6}'..='\u{1F1FF}')
}

/// Fitzpatrick's skin tones: `Emoji_Modifier`.
pub(super) fn is_skin_tone(character: char) -> bool {
    matches!(character, '\u{1F3FB}'..='\u{1F3FF}')
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    /// Compares a class with a pattern on every character that the pattern's tables know.
    fn agrees(class: fn(char) -> bool, pattern: &str) {
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
    fn the_classes_of_hashtags_are_those_that_are_published() {
        agrees(is_hashtag_letter, r"[\p{L}\p{M}]");
        let special = r"_\x{200c}\x{200d}\x{a67e}\x{5be}\x{5f3}\x{5f4}\x{ff5e}\x{301c}\x{309b}\x{309c}\x{30a0}\x{30fb}\x{3003}\x{f0b}\x{f0c}\x{b7}";
        agrees(is_hashtag_character, &format!(r"[\p{{L}}\p{{M}}\p{{Nd}}{special}]"));
    }

    #[test]
    fn the_gates_before_the_tables_let_everything_through() {
        agrees(is_word_alone, r"[\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}]");
        agrees(is_emoji, r"[\p{Emoji}&&[^\x00-\x7f]]");
        agrees(is_skin_tone, r"\p{Emoji_Modifier}");
        agrees(is_regional_indicator, r"\p{Regional_Indicator}");
        agrees(is_letter, r"[\p{Alphabetic}--\p{M}]");
        agrees(is_ignorable, r"\p{Default_Ignorable_Code_Point}");
    }
}
