//! The words of running text, one after the other. Owns what is told of a word, and which two are a
//! pair.

use super::sink::{PairWord, PlainWord, TermSink};
use super::stop_words::{Active, Standing, StopWords};
use super::{Kinds, fold, words};
use crate::Kind;
use crate::packed::{has_run, lowered, packed};

/// What there is to know about a word of a post besides itself.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) kinds: Kinds,
    pub(super) stop_words: &'a StopWords,
    pub(super) active: Active,
}

/// Tells words and, of neighbours, pairs.
#[derive(Debug, Default)]
pub(super) struct Words {
    key: String,
    left: Left,
}

/// The word before, if the next is its neighbour.
#[derive(Debug, Default)]
struct Left {
    is_there: bool,
    key: String,
    form: String,
    stop: bool,
}

impl Words {
    /// Whatever comes next is no neighbour of what came before.
    pub(super) fn part(&mut self) {
        self.left.is_there = false;
    }

    /// A word as it was written.
    pub(super) fn word(&mut self, form: &str, judge: Judge<'_>, sink: &mut impl TermSink) {
        fold::word(form, &mut self.key);
        if self.key.is_empty() {
            return self.part();
        }
        let standing = judge.stop_words.standing(&self.key, judge.active);
        let is_long_enough = words::is_long_enough(form);
        self.left.told(Word { key: &self.key, form, is_long_enough }, standing, judge.kinds, sink);
    }

    /// A word of ASCII letters and digits: the same, but for what costs.
    pub(super) fn plain(&mut self, form: &str, judge: Judge<'_>, sink: &mut impl TermSink) {
        let length = form.len();
        let Some(written) = packed(form.as_bytes()) else { return self.word(form, judge, sink) };
        let lower = lowered(written, length);
        if has_run(lower, length) {
            return self.word(form, judge, sink);
        }
        let standing = judge.stop_words.standing_of_packed(lower, judge.active);
        if !judge.kinds.contains(Kind::Phrase) {
            // Nobody asks what the next word's neighbour is.
            if standing == Standing::Word && length >= words::LEAST_LETTERS {
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
        let is_long_enough = length >= words::LEAST_LETTERS;
        self.left.told(Word { key, form, is_long_enough }, standing, judge.kinds, sink);
    }
}

/// A word and its key.
#[derive(Clone, Copy)]
struct Word<'a> {
    key: &'a str,
    form: &'a str,
    is_long_enough: bool,
}

impl Left {
    /// Tells `word` and the pair that it makes.
    fn told(&mut self, word: Word<'_>, standing: Standing, kinds: Kinds, sink: &mut impl TermSink) {
        if standing == Standing::Remnant {
            self.is_there = false;
            return;
        }
        let Word { key, form, is_long_enough } = word;
        let stop = standing == Standing::Stop || !is_long_enough;
        if !stop && kinds.contains(Kind::Word) {
            sink.term(Kind::Word, key, form);
        }
        if !kinds.contains(Kind::Phrase) {
            return;
        }
        if self.is_there {
            let left = PairWord { key: &self.key, form: &self.form, stop: self.stop };
            sink.pair(left, PairWord { key, form, stop });
        }
        self.is_there = true;
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

    #[derive(Default, PartialEq, Eq, Debug)]
    struct Told(Vec<String>);

    impl TermSink for Told {
        fn term(&mut self, kind: Kind, key: &str, form: &str) {
            self.0.push(format!("{kind} {key} {form}"));
        }

        fn pair(&mut self, left: PairWord<'_>, right: PairWord<'_>) {
            self.0.push(format!("{left:?} {right:?}"));
        }
    }

    proptest! {
        #[test]
        fn plain_words_are_told_as_all_words_are(
            list in prop::collection::vec("[a-zA-Z0-9]{1,20}|the|The|RT|via|a{1,7}B{1,7}|1{5}a|x", 0..12)
        ) {
            let languages = ["en".to_owned(), "nl".to_owned()];
            let stop_words = StopWords::new(&languages, &[]).unwrap();
            for kinds in [&Kind::ALL[..], &[Kind::Word]] {
                let kinds: Kinds = kinds.iter().copied().collect();
                let active = stop_words.active(None);
                let judge = Judge { kinds, stop_words: &stop_words, active };
                let (mut plain, mut all) = (Told::default(), Told::default());
                let (mut by_number, mut by_string) = (Words::default(), Words::default());
                for form in &list {
                    by_number.plain(form, judge, &mut plain);
                    by_string.word(form, judge, &mut all);
                }
                prop_assert_eq!(plain, all);
            }
        }
    }
}
