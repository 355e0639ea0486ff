//! Stop words: words too common to be counted. Owns the chosen languages and which lists apply to a
//! word of a post.

mod lists;
mod table;

use std::sync::Arc;

#[cfg(test)]
pub(super) use lists::MORE;
use lists::{Scripts, current_code, known_languages, known_list};
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
    /// For each language, the scripts that it is not written in.
    foreign: Vec<Scripts>,
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
    /// The scripts whose words have lists of their own: those that the post's language is not
    /// written in.
    foreign: Scripts,
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
            let unknown =
                || UnknownLanguage { code: code.clone(), known: known_languages().collect() };
            known_list(code).ok_or_else(unknown)?;
            words.add(lists::words(code).iter().map(String::as_str), 1 << index);
        }
        words.add(extra.iter().map(String::as_str), EXTRA);
        words.add(REMNANTS.into_iter(), REMNANT);
        words.build();
        let foreign = chosen.iter().map(|code| Scripts::foreign_to(Some(code))).collect();
        Ok(Self { languages: chosen, foreign, words: Arc::new(words), has_own_lists: false })
    }

    /// Adds the list of a post's own language, for posts in a language that has a list and was not
    /// chosen. Words in a script that the post's language is not written in get the lists of the
    /// languages of that script: those of a post whose language is unknown or wrong, too.
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
        let own_lists = self.has_own_lists;
        if let Some(index) = chosen {
            let foreign = self.foreign.get(index).copied().filter(|_| own_lists);
            let foreign = foreign.unwrap_or(Scripts::NONE);
            return ActiveLists { marks: EXTRA | 1 << index, own: None, foreign };
        }
        let code = code.filter(|_| own_lists);
        let own = code.and_then(lists::table);
        let foreign = if own_lists { Scripts::foreign_to(code) } else { Scripts::NONE };
        ActiveLists { marks: if own.is_some() { EXTRA } else { !REMNANT }, own, foreign }
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
        let ActiveLists { own, foreign, .. } = self.active;
        if own.is_some_and(is_in) || foreign.lists(key).any(is_in) {
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
        let (languages, foreign) = (Vec::new(), Vec::new());
        Self { languages, foreign, words: Arc::new(words), has_own_lists: false }
    }
}
