//! Topics of several kinds in one list. Owns their common order, and the omission of words for
//! which a listed phrase stands.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, VecDeque};

use trends::format::ScoredTopic;
use trends::{Kind, Score, Topic, cmp_rank};

use super::{RankingSlice, SliceStart, View};
use crate::StoreError;

/// In a list by a score, a phrase stands for a word if the phrase has at least this share of the
/// word's value. So a word that bursts without its phrase is listed itself. In a list by count, the
/// phrase must be in at least 0.7 of the word's documents.
const STANDS_FOR: f64 = 0.7;

/// The most topics of a kind that are read at once.
const PART: usize = 1_000;

/// A ranking that is read part by part: the topics that are read but not listed yet, and the
/// position after them.
struct Part {
    kind: Kind,
    topics: VecDeque<Topic>,
    next: Option<u64>,
}

impl View {
    /// The first `limit` topics of these kinds by count: higher counts first, equal ones by the
    /// bytes of the term and then by kind. A word is omitted if a phrase stands for it and phrases
    /// are among the kinds. The total includes omitted words; no slice follows.
    pub async fn mixed(
        &self,
        kinds: &BTreeSet<Kind>,
        limit: usize,
    ) -> Result<RankingSlice, StoreError> {
        let mut mixed =
            RankingSlice { rank: 1, topics: Vec::new(), next: None, total: 0, excluded: 0 };
        let mut parts = Vec::new();
        for kind in kinds {
            let RankingSlice { topics, next, total, excluded, .. } =
                self.slice(*kind, SliceStart::Position(0), PART.min(limit)).await?;
            mixed.total += total;
            mixed.excluded += excluded;
            parts.push(Part { kind: *kind, topics: topics.into(), next });
        }
        while mixed.topics.len() < limit {
            for part in &mut parts {
                if let (true, Some(next)) = (part.topics.is_empty(), part.next) {
                    let slice =
                        self.slice(part.kind, SliceStart::Position(next), PART.min(limit)).await?;
                    part.topics.extend(slice.topics);
                    part.next = slice.next;
                }
            }
            let heads = parts.iter_mut().filter(|part| !part.topics.is_empty());
            let first = heads.min_by(|a, b| {
                let both = a.topics.front().zip(b.topics.front());
                both.map_or(Ordering::Equal, |(a, b)| order(a, b))
            });
            let Some(topic) = first.and_then(|part| part.topics.pop_front()) else { break };
            if !is_omitted(kinds, topic.facts.phrase.as_ref()) {
                mixed.topics.push(topic);
            }
        }
        Ok(mixed)
    }

    /// The first `limit` topics of these kinds by a score in a window, with the kind of each topic;
    /// in the last window if `bucket` is `None`. A word is omitted if its phrase has at least 7 in
    /// 10 of its value.
    pub async fn mixed_scored(
        &self,
        kinds: &BTreeSet<Kind>,
        score: Score,
        bucket: Option<i64>,
        limit: usize,
    ) -> Result<Vec<(Kind, ScoredTopic)>, StoreError> {
        let mut mixed = Vec::new();
        for kind in kinds {
            let topics = self.scored(*kind, score, bucket).await?;
            mixed.extend(topics.into_iter().map(|topic| (*kind, topic)));
        }
        let phrases = mixed.iter().filter(|(kind, _)| *kind == Kind::Phrase);
        let values: HashMap<String, f64> =
            phrases.map(|(_, topic)| (topic.term.clone(), topic.value)).collect();
        mixed.retain(|(_, topic)| {
            let value = topic.phrase.as_ref().and_then(|phrase| values.get(phrase));
            // A keyness may be below 0, and is then less than its own share.
            value.is_none_or(|value| *value < topic.value.min(STANDS_FOR * topic.value))
        });
        mixed.sort_by(|(a_kind, a), (b_kind, b)| a.cmp_rank(b).then(a_kind.cmp(b_kind)));
        mixed.truncate(limit);
        Ok(mixed)
    }
}

fn order(a: &Topic, b: &Topic) -> Ordering {
    cmp_rank((a.count, a.term.as_bytes()), (b.count, b.term.as_bytes())).then(a.kind.cmp(&b.kind))
}

/// Returns true if a phrase stands for a topic in a list of these kinds.
fn is_omitted(kinds: &BTreeSet<Kind>, phrase: Option<&String>) -> bool {
    phrase.is_some() && kinds.contains(&Kind::Phrase)
}
