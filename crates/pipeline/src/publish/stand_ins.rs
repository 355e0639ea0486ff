//! The words for which a phrase stands. Owns the look-up from a run's phrases to its words; the
//! rule is `trends::scores::phrase_stands_for_word`.

use std::collections::HashMap;

use trends::facts::TermFacts;
use trends::format::{FormatError, RankedTopic};
use trends::pair::PairTerm;
use trends::scores::phrase_stands_for_word;

/// The most frequent phrase of each word, and the words for which that phrase stands.
#[derive(Debug, Default)]
pub(super) struct PhraseStandIns {
    /// By word: the number of records with its most frequent phrase, and the phrase. If several
    /// phrases are in equally many records, the first in the ranking is kept.
    phrases: HashMap<Vec<u8>, (u64, String)>,
    /// By word: the phrase that stands for it.
    words: HashMap<String, String>,
}

impl PhraseStandIns {
    /// Takes the next phrase of the ranking.
    pub(super) fn phrase(&mut self, topic: &RankedTopic<'_>) {
        let Some(PairTerm::Both(left, right)) = PairTerm::parse(topic.term) else { return };
        for word in [left, right] {
            let greatest = self.phrases.get(word).map_or(0, |(documents, _)| *documents);
            if topic.documents > greatest {
                let phrase = String::from_utf8_lossy(topic.term).into_owned();
                self.phrases.insert(word.to_vec(), (topic.documents, phrase));
            }
        }
    }

    /// Takes a word, after all phrases. Returns its facts with the phrase that stands for it,
    /// `None` without such a phrase.
    pub(super) fn word(&mut self, topic: &RankedTopic<'_>) -> Result<Option<Vec<u8>>, FormatError> {
        let Some((documents, phrase)) = self.phrases.get(topic.term) else { return Ok(None) };
        if !phrase_stands_for_word(*documents, topic.documents) {
            return Ok(None);
        }
        let facts = TermFacts::decode(topic.facts, topic.documents)?;
        let facts = TermFacts { phrase: Some(phrase.clone()), ..facts };
        let mut encoded = Vec::new();
        facts.encode(&mut encoded);
        self.words.insert(String::from_utf8_lossy(topic.term).into_owned(), phrase.clone());
        Ok(Some(encoded))
    }

    /// The phrase that stands for a word.
    pub(super) fn of(&self, word: &str) -> Option<&String> {
        self.words.get(word)
    }
}

#[cfg(test)]
mod tests {
    use trends::facts::Form;

    use super::*;

    fn topic<'a>(term: &'a str, documents: u64, facts: &'a [u8]) -> RankedTopic<'a> {
        RankedTopic { term: term.as_bytes(), count: documents, documents, facts }
    }

    /// The phrase that stands for each word. Phrases and words come with their documents.
    fn stood_for(phrases: &[(&str, u64)], words: &[(&str, u64)]) -> Vec<Option<String>> {
        let mut stand_ins = PhraseStandIns::default();
        for (phrase, documents) in phrases {
            stand_ins.phrase(&topic(phrase, *documents, &[]));
        }
        let mut all = Vec::new();
        for (word, documents) in words {
            let facts = stand_ins.word(&topic(word, *documents, &[])).unwrap();
            let phrase =
                facts.and_then(|facts| TermFacts::decode(&facts, *documents).unwrap().phrase);
            assert_eq!(stand_ins.of(word), phrase.as_ref(), "{word}");
            all.push(phrase);
        }
        all
    }

    #[test]
    fn a_phrase_stands_for_a_word_if_it_is_in_seven_of_ten_of_its_records() {
        let phrases = [("new york", 70)];
        let words = [("new", 101), ("york", 100), ("other", 1)];
        assert_eq!(stood_for(&phrases, &words), [None, Some("new york".to_owned()), None]);
    }

    #[test]
    fn the_most_frequent_phrase_stands_for_a_word_and_the_first_of_equal_ones() {
        let phrases = [("york city", 80), ("new york", 90), ("york times", 90), ("old york", 7)];
        assert_eq!(stood_for(&phrases, &[("york", 100)]), [Some("new york".to_owned())]);
        assert_eq!(stood_for(&phrases, &[("city", 100)]), [Some("york city".to_owned())]);
    }

    #[test]
    fn a_word_with_a_phrase_keeps_its_other_facts() {
        let mut stand_ins = PhraseStandIns::default();
        stand_ins.phrase(&topic("new york", 10, &[]));
        let forms = vec![Form { form: "York".to_owned(), count: 9 }];
        let facts = TermFacts { authors: Some(4), forms, ..TermFacts::default() };
        let mut encoded = Vec::new();
        facts.encode(&mut encoded);
        let found = stand_ins.word(&topic("york", 10, &encoded)).unwrap().unwrap();
        let expected = TermFacts { phrase: Some("new york".to_owned()), ..facts };
        assert_eq!(TermFacts::decode(&found, 10).unwrap(), expected);
        assert!(
            stand_ins.word(&topic("york", 10, &[1, 200])).is_err(),
            "damaged facts are an error"
        );
    }
}
