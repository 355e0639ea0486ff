//! Which words a phrase stands for. Owns the look from a run's phrases to its words; when a phrase stands
//! for a word is `trends::scores::phrase_stands_for_word`.

use std::collections::HashMap;

use trends::facts::TermFacts;
use trends::format::RankedTopic;
use trends::pair::PairTerm;
use trends::scores::phrase_stands_for_word;

use crate::Error;

/// The phrase of each word that is in the most records, and then the words that fold into theirs.
#[derive(Debug, Default)]
pub(super) struct Folds {
    /// Records of the phrase, and the phrase; the first of the ranking where several have as many.
    phrases: HashMap<Vec<u8>, (u64, String)>,
    folded: HashMap<String, String>,
}

impl Folds {
    /// A phrase, in ranking order.
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

    /// A word, after all phrases: what a listing tells of it, if that is more than `topic` says.
    pub(super) fn word(&mut self, topic: &RankedTopic<'_>) -> Result<Option<Vec<u8>>, Error> {
        let Some((documents, phrase)) = self.phrases.get(topic.term) else { return Ok(None) };
        if !phrase_stands_for_word(*documents, topic.documents) {
            return Ok(None);
        }
        let phrase = phrase.clone();
        let facts = TermFacts::decode(topic.facts)
            .map_err(|error| Error::Input(format!("what is told of a word is damaged: {error}")))?;
        let mut told = Vec::new();
        TermFacts { phrase: Some(phrase.clone()), ..facts }.encode(&mut told);
        self.folded.insert(String::from_utf8_lossy(topic.term).into_owned(), phrase);
        Ok(Some(told))
    }

    /// The phrase that stands for a word.
    pub(super) fn of(&self, word: &str) -> Option<&String> {
        self.folded.get(word)
    }
}
