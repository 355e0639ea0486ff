//! Turns the words of a text into terms. Owns the choice of the words that are emitted and of the
//! pairs that neighbours form.

use super::sink::{PairWord, PlainWord, TermSink};
use super::stop_words::{PostLists, WordClass};
use super::{Kinds, fold, words};
use crate::Kind;
use crate::packed::{has_four_equal, lowered, packed};

/// The settings for the words of a post.
pub(super) struct PostSettings<'a> {
    pub(super) kinds: Kinds,
    pub(super) lists: PostLists<'a>,
}

/// Emits words and pairs of neighbours.
#[derive(Debug, Default)]
pub(super) struct WordEmitter {
    key: String,
    left: LeftWord,
}

/// The word before the current one.
#[derive(Debug, Default)]
struct LeftWord {
    /// True if the current word is its neighbour.
    is_neighbour: bool,
    key: String,
    form: String,
    stop: bool,
}

impl WordEmitter {
    /// Separates the next word from the one before: the two form no pair.
    pub(super) fn separate(&mut self) {
        self.left.is_neighbour = false;
    }

    /// Emits a word in any script.
    pub(super) fn word(&mut self, form: &str, post: &PostSettings<'_>, sink: &mut impl TermSink) {
        fold::word(form, &mut self.key);
        if self.key.is_empty() {
            return self.separate();
        }
        let class = post.lists.class(&self.key);
        // Signs that the key lacks don't make a word longer.
        let is_long_enough = words::is_long_enough(&self.key);
        self.left.emit(
            FoldedWord { key: &self.key, form, is_long_enough },
            class,
            post.kinds,
            sink,
        );
    }

    /// Emits a word of Han, Hiragana or Katakana as [`WordEmitter::word`] does, but faster: only
    /// repeated letters can make its key differ from its form.
    pub(super) fn uncased(
        &mut self,
        form: &str,
        post: &PostSettings<'_>,
        sink: &mut impl TermSink,
    ) {
        let is_long_enough = words::is_long_enough(form);
        if !is_long_enough && !post.kinds.contains(Kind::Phrase) {
            // Without phrases, no neighbour needs to be kept.
            return;
        }
        let key = fold::squeezed(form, &mut self.key);
        let class = post.lists.class(key);
        self.left.emit(FoldedWord { key, form, is_long_enough }, class, post.kinds, sink);
    }

    /// Keeps the stem of a verb as a neighbour of the words on both sides; it is not counted.
    pub(super) fn stem(&mut self, form: &str, post: &PostSettings<'_>, sink: &mut impl TermSink) {
        if post.kinds.contains(Kind::Phrase) {
            fold::word(form, &mut self.key);
            let word = FoldedWord { key: &self.key, form, is_long_enough: false };
            self.left.emit(word, WordClass::Stop, post.kinds, sink);
        }
    }

    /// Emits a word of ASCII letters and digits as [`WordEmitter::word`] does, but faster: a short
    /// word is folded and looked up as a number.
    pub(super) fn plain(&mut self, form: &str, post: &PostSettings<'_>, sink: &mut impl TermSink) {
        let length = form.len();
        let Some(written) = packed(form.as_bytes()) else { return self.word(form, post, sink) };
        let lower = lowered(written, length);
        if has_four_equal(lower, length) {
            return self.word(form, post, sink);
        }
        let class = post.lists.class_of_packed(lower);
        if !post.kinds.contains(Kind::Phrase) {
            // Without phrases, no neighbour needs to be kept.
            if class == WordClass::Content && length >= words::MIN_LETTERS {
                sink.plain_word(PlainWord { key: lower, written, form });
            }
            return;
        }
        let key = if lower == written {
            form
        } else {
            self.key.clear();
            self.key.push_str(form);
            self.key.make_ascii_lowercase();
            &self.key
        };
        let is_long_enough = length >= words::MIN_LETTERS;
        self.left.emit(FoldedWord { key, form, is_long_enough }, class, post.kinds, sink);
    }
}

/// A word and its key.
#[derive(Clone, Copy)]
struct FoldedWord<'a> {
    key: &'a str,
    form: &'a str,
    is_long_enough: bool,
}

impl LeftWord {
    /// Emits `word` and its pair with the word before it, and keeps it as the next left word.
    fn emit(
        &mut self,
        word: FoldedWord<'_>,
        class: WordClass,
        kinds: Kinds,
        sink: &mut impl TermSink,
    ) {
        if class == WordClass::Remnant {
            self.is_neighbour = false;
            return;
        }
        let FoldedWord { key, form, is_long_enough } = word;
        let stop = class == WordClass::Stop || !is_long_enough;
        if !stop && kinds.contains(Kind::Word) {
            sink.term(Kind::Word, key, form);
        }
        if !kinds.contains(Kind::Phrase) {
            return;
        }
        if self.is_neighbour {
            let left = PairWord { key: &self.key, form: &self.form, stop: self.stop };
            sink.pair(left, PairWord { key, form, stop });
        }
        self.is_neighbour = true;
        self.stop = stop;
        self.key.clear();
        self.key.push_str(key);
        self.form.clear();
        self.form.push_str(form);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::social::StopWords;

    #[derive(Default, PartialEq, Eq, Debug)]
    struct TermLog(Vec<String>);

    impl TermSink for TermLog {
        fn term(&mut self, kind: Kind, key: &str, form: &str) {
            self.0.push(format!("{kind} {key} {form}"));
        }

        fn pair(&mut self, left: PairWord<'_>, right: PairWord<'_>) {
            self.0.push(format!("{left:?} {right:?}"));
        }
    }

    proptest! {
        #[test]
        fn the_fast_and_the_general_way_emit_the_same_terms(
            list in prop::collection::vec("[a-zA-Z0-9]{1,20}|the|The|RT|via|a{1,7}B{1,7}|1{5}a|x", 0..12)
        ) {
            let languages = ["en".to_owned(), "nl".to_owned()];
            let stop_words = StopWords::new(&languages, &[]).unwrap();
            for kinds in [&Kind::ALL[..], &[Kind::Word]] {
                let kinds: Kinds = kinds.iter().copied().collect();
                let lists = stop_words.lists(stop_words.active(None));
                let post = PostSettings { kinds, lists };
                let (mut fast_terms, mut general_terms) = (TermLog::default(), TermLog::default());
                let (mut fast, mut general) = (WordEmitter::default(), WordEmitter::default());
                for form in &list {
                    fast.plain(form, &post, &mut fast_terms);
                    general.word(form, &post, &mut general_terms);
                }
                prop_assert_eq!(fast_terms, general_terms);
            }
        }
    }
}
