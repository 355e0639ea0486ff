//! Folding words into phrases. Owns the look-up from a run's phrases to its words; the rule is
//! `trends::scores::phrase_stands_for_word`.

use std::collections::HashMap;

use trends::facts::TermFacts;
use trends::format::{FormatError, RankedTopic};
use trends::pair::PairTerm;
use trends::scores::phrase_stands_for_word;

/// The most frequent phrase of each word, and then the words that fold into theirs.
#[derive(Debug, Default)]
pub(super) struct Folds {
    /// Records of the phrase, and the phrase; the first of the ranking if several are in as many
    /// records.
    phrases: HashMap<Vec<u8>, (u64, String)>,
    folded: HashMap<String, String>,
}

impl Folds {
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

    /// Takes a word, after all phrases. Returns its facts with the phrase that it folds into, if it
    /// folds.
    pub(super) fn word(&mut self, topic: &RankedTopic<'_>) -> Result<Option<Vec<u8>>, FormatError> {
        let Some((documents, phrase)) = self.phrases.get(topic.term) else { return Ok(None) };
        if !phrase_stands_for_word(*documents, topic.documents) {
            return Ok(None);
        }
        let facts = TermFacts { phrase: Some(phrase.clone()), ..TermFacts::decode(topic.facts)? };
        let mut encoded = Vec::new();
        facts.encode(&mut encoded);
        self.folded.insert(String::from_utf8_lossy(topic.term).into_owned(), phrase.clone());
        Ok(Some(encoded))
    }

    /// The phrase that a word folds into.
    pub(super) fn of(&self, word: &str) -> Option<&String> {
        self.folded.get(word)
    }
}

#[cfg(test)]
mod tests {
    use trends::facts::Form;

    use super::*;

    fn topic<'a>(term: &'a str, documents: u64, facts: &'a [u8]) -> RankedTopic<'a> {
        RankedTopic { term: term.as_bytes(), count: documents, documents, facts }
    }

    /// The phrases that words fold into, of phrases and words with their documents.
    fn folded(phrases: &[(&str, u64)], words: &[(&str, u64)]) -> Vec<Option<String>> {
        let mut folds = Folds::default();
        for (phrase, documents) in phrases {
            folds.phrase(&topic(phrase, *documents, &[]));
        }
        let mut all = Vec::new();
        for (word, documents) in words {
            let facts = folds.word(&topic(word, *documents, &[])).unwrap();
            let phrase = facts.and_then(|facts| TermFacts::decode(&facts).unwrap().phrase);
            assert_eq!(folds.of(word), phrase.as_ref(), "{word}");
            all.push(phrase);
        }
        all
    }

    #[test]
    fn a_word_folds_if_seven_in_ten_of_its_records_have_the_phrase() {
        let phrases = [("new york", 70)];
        let words = [("new", 101), ("york", 100), ("other", 1)];
        assert_eq!(folded(&phrases, &words), [None, Some("new york".to_owned()), None]);
    }

    #[test]
    fn a_word_folds_into_its_most_frequent_phrase_and_of_equal_ones_into_the_first() {
        let phrases = [("york city", 80), ("new york", 90), ("york times", 90), ("old york", 7)];
        assert_eq!(folded(&phrases, &[("york", 100)]), [Some("new york".to_owned())]);
        assert_eq!(folded(&phrases, &[("city", 100)]), [Some("york city".to_owned())]);
    }

    #[test]
    fn a_folded_word_keeps_its_other_facts() {
        let mut folds = Folds::default();
        folds.phrase(&topic("new york", 10, &[]));
        let forms = vec![Form { form: "York".to_owned(), count: 9 }];
        let facts = TermFacts { authors: Some(4), forms, ..TermFacts::default() };
        let mut encoded = Vec::new();
        facts.encode(&mut encoded);
        let found = folds.word(&topic("york", 10, &encoded)).unwrap().unwrap();
        let expected = TermFacts { phrase: Some("new york".to_owned()), ..facts };
        assert_eq!(TermFacts::decode(&found).unwrap(), expected);
        assert!(folds.word(&topic("york", 10, &[1, 200])).is_err(), "damaged facts are no facts");
    }
}
