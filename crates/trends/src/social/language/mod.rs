//! Guesses the language of a post whose record names no language. Owns which characters of a text
//! are read and how sure a guess must be; knows nothing of how a model is stored or evaluated.

mod model;
mod reader;

use std::sync::LazyLock;

use model::Model;

use super::characters;

/// The name of the method, which the plan of a run that guesses languages holds: the model, and
/// the version of the rules of this file and of the order of its sums. Raise the version with
/// every change that can change a guess.
pub const LANGUAGE_METHOD: &str = "lid.176/1";

/// The model, unchanged: lid.176.ftz of fastText. README.md beside it names its authors and
/// licence.
const BYTES: &[u8] = include_bytes!("lid.176.ftz");

/// `None` if the bytes are no model; a test shows that they are one.
static MODEL: LazyLock<Option<Model<'static>>> = LazyLock::new(|| reader::model(BYTES));

/// The least length of a text for a guess, in bytes of its letters: ten Latin letters, five
/// Cyrillic ones or four kana.
const LEAST: usize = 10;
/// The length from which a text is long enough for the lower probability.
const LONG: usize = 20;
/// The least probability of a guess on a long text; `bench/language.md` has the share of right
/// guesses.
const SURE: f32 = 0.6;
/// The least probability on shorter texts, whose probabilities promise more than they hold.
const SURE_IF_SHORT: f32 = 0.8;
/// The length, in bytes of letters, after which the rest of a text is not read: it changes hardly
/// any guess, and this bounds the time of a guess whatever the length of the text.
const MOST: usize = 1000;

/// Returns the code of the language of `text`, of ISO 639-1, or of ISO 639-3 if that has none.
/// Returns `None` if the text is too short or the guess is not sure. Guesses among all languages of
/// the model, not only those with stop words, so that a text in another language is not forced into
/// one of them.
pub(super) fn guess(text: &str) -> Option<&'static str> {
    let words = Words::new(text);
    if words.letters < LEAST {
        return None;
    }
    let least = if words.letters < LONG { SURE_IF_SHORT } else { SURE };
    let (language, probability) = MODEL.as_ref()?.guess(&words.text);
    (probability >= least).then_some(language)
}

/// The words of the beginning of a text as the model is asked for them: in lower case, without
/// digits and signs. That raises the share of posts with an answer at the same share of right ones.
struct Words {
    /// The words, with one or more spaces between two.
    text: String,
    /// The length of the letters and marks, as they are before their change to lower case.
    letters: usize,
}

impl Words {
    fn new(text: &str) -> Self {
        let mut words = Self { text: String::with_capacity(text.len().min(2 * MOST)), letters: 0 };
        for character in text.chars() {
            if words.letters >= MOST {
                break;
            }
            words.add(character);
        }
        words
    }

    fn add(&mut self, character: char) {
        if characters::is_hashtag_letter(character) {
            self.letters += character.len_utf8();
            self.text.extend(character.to_lowercase());
        } else {
            // Apostrophes and joiners stand within words.
            let is_inner = matches!(character, '\'' | '\u{2019}' | '\u{200C}' | '\u{200D}');
            self.text.push(if is_inner { character } else { ' ' });
        }
    }
}

#[cfg(test)]
mod tests;
