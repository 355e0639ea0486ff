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
