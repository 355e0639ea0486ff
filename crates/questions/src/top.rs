//! Topics by count: a slice of the ranking of one kind, or the first topics of several kinds.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use store::View;
use store::view::{RankingSlice, SliceStart};
use trends::{Kind, Profile, Topic};

use crate::schema::kinds;
use crate::{AuthorsAnswer, QuestionError};

/// A question about topics by count.
#[derive(Debug, Clone)]
pub struct TopQuestion {
    /// The ranking, and the beginning of the answer in it.
    pub ranking: Ranking,
    /// The most topics of the answer.
    pub limit: usize,
}

/// A ranking by count.
#[derive(Debug, Clone)]
pub enum Ranking {
    /// A slice of the ranking of one kind.
    One(Kind, SliceStart),
    /// The beginning of one list of several kinds.
    Mixed(BTreeSet<Kind>),
}

impl Ranking {
    /// The ranking of these kinds from its beginning; of words if no kind is given.
    pub fn of(kinds: BTreeSet<Kind>) -> Self {
        if kinds.len() > 1 {
            return Self::Mixed(kinds);
        }
        Self::One(kinds.first().copied().unwrap_or(Kind::Word), SliceStart::Shown(0))
    }
}

/// Topics by rank, of one generation of a source.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Trends")]
pub struct TopAnswer {
    /// The name of the source.
    pub source: String,
    /// The generation that the whole answer is from.
    pub generation: u64,
    /// The kind of the terms; absent if several were given.
    #[schemars(schema_with = "kinds")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Number of topics of these kinds that are not excluded; words that a phrase replaces count.
    pub total: u64,
    /// Number of excluded topics of these kinds; absent if it is 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub excluded: u64,
    /// The topics, by rank.
    pub topics: Vec<TopicRankAnswer>,
    /// The cursor of the next page in the same generation; absent at the end and for several kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The stored position after the last topic; `None` at the end and for several kinds.
    #[serde(skip)]
    pub next_position: Option<u64>,
}

/// A topic and its rank.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Ranked")]
pub struct TopicRankAnswer {
    /// Its rank, from 1.
    pub rank: u64,
    /// The kind of the term.
    #[schemars(schema_with = "kinds")]
    pub kind: Kind,
    /// The term.
    pub term: String,
    /// Number of occurrences.
    pub count: u64,
    /// Number of records it occurs in.
    pub documents: u64,
    /// Its distinct authors.
    #[serde(flatten)]
    pub authors: AuthorsAnswer,
    /// The most frequent form; absent if that is the term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// The phrase that stands for this word: most of the records with the word have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phrase: Option<String>,
}

impl TopicRankAnswer {
    fn new((rank, topic): (u64, Topic)) -> Self {
        let Topic { kind, term, count, documents, facts } = topic;
        let form = facts.forms.into_iter().next().map(|form| form.form);
        let (authors, phrase) = (facts.authors.into(), facts.phrase);
        Self { rank, kind, term, count, documents, authors, form, phrase }
    }

    /// The term as it is shown to people: its most frequent form.
    pub fn shown(&self) -> &str {
        self.form.as_deref().unwrap_or(&self.term)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl TopQuestion {
    /// Answers from a result.
    pub async fn answer(&self, view: &View) -> Result<TopAnswer, QuestionError> {
        let (kind, slice) = match &self.ranking {
            Ranking::One(kind, start) => {
                (Some(*kind), view.slice(*kind, *start, self.limit).await?)
            }
            Ranking::Mixed(kinds) => (None, view.mixed(kinds, self.limit).await?),
        };
        let RankingSlice { rank, topics, next, total, excluded } = slice;
        let generation = view.generation();
        Ok(TopAnswer {
            source: generation.source.to_string(),
            generation: generation.generation,
            kind,
            total,
            excluded,
            topics: (rank..).zip(topics).map(TopicRankAnswer::new).collect(),
            next: None,
            next_position: next,
        })
    }
}

/// A sentence for people about kinds that the run did not count; `None` if it counted all of them.
pub fn uncounted_kinds(view: &View, kinds: &BTreeSet<Kind>) -> Option<String> {
    let counted: BTreeSet<Kind> = view.kinds().collect();
    let missing = names(kinds.difference(&counted));
    let (source, counted) = (&view.generation().source, names(counted.iter()));
    let profile = match view.contents().profile {
        Profile::Seed => "--profile social ",
        Profile::Social => "",
    };
    (!missing.is_empty()).then(|| {
        format!("{source} counted {counted} only: run it with {profile}--kinds {counted},{missing}")
    })
}

fn names<'a>(kinds: impl Iterator<Item = &'a Kind>) -> String {
    kinds.map(|kind| kind.name()).collect::<Vec<_>>().join(",")
}
