//! Stop words: words too common to be counted. Owns the chosen languages and which lists apply to a
//! word of a post.

mod lists;
mod table;

use std::sync::Arc;

#[cfg(test)]
pub(super) use lists::MORE;
pub(super) use lists::names_language;
use lists::{current_code, is_known, known_languages};
use table::WordTable;

/// The remnants of retweets, HTML and cut links, in any language.
const REMNANTS: [&str; 5] = ["rt", "via", "amp", "http", "https"];

/// The mark of the user's stop words, which apply to every language. The bits below are the marks
/// of the languages.
const EXTRA: u128 = 1 << 126;
/// The mark of remnants.
const REMNANT: u128 = 1 << 127;

/// The error for a language without a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no stop words for language {code:?}: there are lists for {}", known.join(", "))]
pub struct UnknownLanguage {
    /// The code without a list.
    pub code: String,
    /// The ISO 639-1 codes with a list, in ascending order.
    pub known: Vec<&'static str>,
}

/// The stop words of the chosen languages, and the words that a user adds to them.
#[derive(Debug, Clone)]
pub struct StopWords {
    languages: Vec<String>,
    /// The marks of the languages that are written in Latin letters.
    latin: u128,
    words: Arc<WordTable>,
    has_own_lists: bool,
}

/// The lists for the words of a post.
#[derive(Debug, Clone, Copy)]
pub(super) struct PostLists<'a> {
    chosen: &'a WordTable,
    active: ActiveLists,
}

/// The lists that apply to a post.
#[derive(Debug, Clone, Copy)]
pub(super) struct ActiveLists {
    /// The marks of the chosen lists.
    marks: u128,
    /// The list of the post's language, if that was not chosen.
    own: Option<&'static WordTable>,
    /// True if the lists of scripts apply, too.
    by_script: bool,
}

/// The class of a word in a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordClass {
    /// A word to count.
    Content,
    /// A stop word: it is not counted, but forms pairs.
    Stop,
    /// A remnant: it is neither counted nor part of a pair.
    Remnant,
}

impl StopWords {
    /// Loads the lists of `languages` (ISO 639-1 codes in any case) and adds the words of `extra`,
    /// which are stop words in every language. Both may be empty.
    ///
    /// # Errors
    /// Fails with [`UnknownLanguage`], which names the first language without a list.
    pub fn new(languages: &[String], extra: &[String]) -> Result<Self, UnknownLanguage> {
        let mut chosen: Vec<String> =
            languages.iter().map(|code| current_code(code).to_ascii_lowercase()).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let mut words = WordTable::default();
        for (index, code) in chosen.iter().enumerate() {
            if !is_known(code) {
                let mut known: Vec<_> = known_languages().collect();
                known.sort_unstable();
                return Err(UnknownLanguage { code: code.clone(), known });
            }
            words.add(lists::words(code).iter().map(String::as_str), 1 << index);
        }
        words.add(extra.iter().map(String::as_str), EXTRA);
        words.add(REMNANTS.into_iter(), REMNANT);
        words.build();
        let is_latin = |(_, code): &(usize, &String)| lists::is_latin(code);
        let latin = chosen.iter().enumerate().filter(is_latin);
        let latin = latin.fold(0, |marks, (index, _)| marks | 1 << index);
        Ok(Self { languages: chosen, latin, words: Arc::new(words), has_own_lists: false })
    }

    /// Adds the list of a post's own language, for posts in a language that has a list and was not
    /// chosen, and the lists of scripts: each applies to the words in its script, whatever the
    /// language of the post, which may be unknown or wrong. For the same reason the chosen lists of
    /// languages in Latin letters stay for posts in a language that is written in other letters.
    #[must_use]
    pub fn with_own_lists(self) -> Self {
        Self { has_own_lists: true, ..self }
    }

    /// Returns the languages, as ISO 639-1 codes in ascending order.
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    /// Selects the user's words and the list of the post's language; all chosen lists if that
    /// language has none, or was not chosen and lists of their own were not asked for.
    pub(super) fn active(&self, language: Option<&str>) -> ActiveLists {
        let code = language.map(current_code);
        let chosen = code.and_then(|code| {
            self.languages.iter().position(|chosen| chosen.eq_ignore_ascii_case(code))
        });
        let by_script = self.has_own_lists;
        let code = code.filter(|_| by_script);
        let latin = if code.is_none_or(lists::is_latin) { 0 } else { self.latin };
        if let Some(index) = chosen {
            return ActiveLists { marks: EXTRA | 1 << index | latin, own: None, by_script };
        }
        let own = code.and_then(lists::table);
        let marks = if own.is_some() { EXTRA | latin } else { !REMNANT };
        ActiveLists { marks, own, by_script }
    }

    /// Returns the lists for the words of a post.
    pub(super) fn lists(&self, active: ActiveLists) -> PostLists<'_> {
        PostLists { chosen: &self.words, active }
    }
}

impl PostLists<'_> {
    /// Returns the class of the word with this key.
    pub(super) fn class(&self, key: &str) -> WordClass {
        let class = self.class_of_marks(self.chosen.marks(key));
        if class != WordClass::Content {
            return class;
        }
        let is_in = |list: &WordTable| list.marks(key) != 0;
        let ActiveLists { own, by_script, .. } = self.active;
        if own.is_some_and(is_in) || by_script && lists::of_script(key).is_some_and(is_in) {
            return WordClass::Stop;
        }
        class
    }

    /// Returns the class of the word with this key of up to 16 ASCII letters and digits, packed into
    /// a number.
    pub(super) fn class_of_packed(&self, key: u128) -> WordClass {
        let class = self.class_of_marks(self.chosen.marks_of_packed(key));
        match self.active.own {
            Some(own) if class == WordClass::Content && own.marks_of_packed(key) != 0 => {
                WordClass::Stop
            }
            _ => class,
        }
    }

    fn class_of_marks(&self, marks: u128) -> WordClass {
        if marks & REMNANT != 0 {
            WordClass::Remnant
        } else if marks & self.active.marks != 0 {
            WordClass::Stop
        } else {
            WordClass::Content
        }
    }
}

impl Default for StopWords {
    /// Creates stop words of no language and without extra words.
    fn default() -> Self {
        let mut words = WordTable::default();
        words.add(REMNANTS.into_iter(), REMNANT);
        words.build();
        Self { languages: Vec::new(), latin: 0, words: Arc::new(words), has_own_lists: false }
    }
}
