//! A published result as readers see it: without excluded terms, and with ranks counted without
//! them. Owns the translation between shown ranks and stored positions; `PublishedResult` reads the
//! result, and `trends` decides which terms are excluded.
//!
//! The positions of excluded terms are found once per result, version and kind, when they are first
//! needed: by looking up each term if the exclusions name only a few terms, else by one scan. Each
//! position takes 8 bytes for the life of the view.

mod gaps;
mod mixed;
mod retry;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::OnceCell;
use trends::exclusions::{ExclusionFilter, Exclusions};
use trends::format::ScoredTopic;
use trends::result::ResultContents;
use trends::scores::{Explanation, Totals};
use trends::{Kind, Score, Topic};

use crate::generations::{self, Generation, Visible};
use crate::published_result::WindowCount;
use crate::{PublishedResult, SourceName, Store, StoreError, exclusions};
use gaps::Gaps;

pub use retry::answer_newest;

/// One generation of a source, and its excluded terms.
#[derive(Debug)]
pub struct View {
    published: Arc<PublishedResult>,
    exclusions: Arc<Exclusions>,
    excluded: ExclusionFilter,
    /// The positions of excluded terms, by kind.
    gaps: BTreeMap<Kind, OnceCell<Gaps>>,
}

/// The beginning of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SliceStart {
    /// After this many shown topics.
    Shown(u64),
    /// At a stored position, from [`RankingSlice::next`]. Terms that are excluded or readmitted
    /// meanwhile don't move a topic across it, so a reader that continues there misses no topic and
    /// gets no topic twice.
    Position(u64),
}

/// A contiguous part of a ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankingSlice {
    /// The rank of the first topic among the shown ones, from 1.
    pub rank: u64,
    /// The topics, with contiguous ranks.
    pub topics: Vec<Topic>,
    /// The stored position after the last topic; `None` if no shown topic follows.
    pub next: Option<u64>,
    /// The number of shown topics of the kind.
    pub total: u64,
    /// The number of excluded topics of the kind.
    pub excluded: u64,
}

impl View {
    /// Creates a view of a result without excluded terms.
    ///
    /// # Errors
    /// If an excluded pattern can't be used.
    pub fn new(
        published: Arc<PublishedResult>,
        exclusions: Arc<Exclusions>,
    ) -> Result<Self, StoreError> {
        let excluded =
            ExclusionFilter::new(&exclusions, published.contents().profile, published.kinds())
                .map_err(|error| {
                    let source = &published.generation().source;
                    StoreError::Refused(format!("showing {source}: {error}"))
                })?;
        let gaps = published.kinds().map(|kind| (kind, OnceCell::new())).collect();
        Ok(Self { published, exclusions, excluded, gaps })
    }

    /// Opens the result of a generation, without the terms that are excluded now.
    pub async fn open(store: Arc<dyn Store>, generation: Generation) -> Result<Self, StoreError> {
        let source = &generation.source;
        let excluded = exclusions::current(&*store, source, &Arc::default()).await?;
        let published = PublishedResult::open(store, generation).await?;
        Self::new(Arc::new(published), excluded)
    }

    /// Opens the newest result of a source with the newest exclusions; `None` if there is no
    /// result. `last` is an earlier view, which is returned if neither the result nor the
    /// exclusions have changed.
    pub async fn newest(
        store: &Arc<dyn Store>,
        source: &SourceName,
        last: Option<&Arc<Self>>,
    ) -> Result<Option<Arc<Self>>, StoreError> {
        let known = last.map_or(0, |last| last.generation().generation);
        let mut newest = generations::newest(&**store, source, known).await?;
        let mut excluded = last.map(|last| Arc::clone(&last.exclusions)).unwrap_or_default();
        if newest.is_none() && known > 0 {
            // A log never loses entries, so this is another store in the same place.
            newest = generations::newest(&**store, source, 0).await?;
            excluded = Arc::default();
        }
        let Some(newest) = newest else { return Ok(None) };
        let excluded = exclusions::current(&**store, source, &excluded).await?;
        let mut visible = Visible::new(&**store, newest);
        while let Some(entry) = visible.entry() {
            let last = last.filter(|last| *last.generation() == entry);
            if let Some(last) = last.filter(|last| last.exclusions == excluded) {
                return Ok(Some(Arc::clone(last)));
            }
            let published = match last {
                Some(last) => Ok(Arc::clone(&last.published)),
                None => PublishedResult::open(Arc::clone(store), entry).await.map(Arc::new),
            };
            match published {
                Ok(published) => {
                    return Self::new(published, excluded).map(|view| Some(Arc::new(view)));
                }
                Err(missing @ StoreError::Missing { .. }) => visible.skip(missing).await?,
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Returns the generation.
    pub fn generation(&self) -> &Generation {
        self.published.generation()
    }

    /// Returns the exclusions.
    pub fn exclusions(&self) -> &Arc<Exclusions> {
        &self.exclusions
    }

    /// Returns the contents of the result, excluded terms included.
    pub fn contents(&self) -> &ResultContents {
        self.published.contents()
    }

    /// Returns the counted kinds, ascending.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.published.kinds()
    }

    /// Returns the totals of each window; `None` if rows were not counted by window.
    pub fn windows(&self) -> Option<&Totals> {
        self.published.windows()
    }

    /// Returns true if a term, as the profile of the run writes it, is excluded: it is shown as if
    /// it had not been counted.
    pub fn excludes(&self, kind: Kind, term: &str) -> bool {
        self.excluded.contains(kind, term)
    }

    /// Returns the number of shown topics of a kind.
    pub async fn topics(&self, kind: Kind) -> Result<u64, StoreError> {
        Ok(self.published.topics(kind) - self.gaps(kind).await?.count())
    }

    /// Returns at most `limit` topics of a kind, after the `offset` highest-ranked.
    pub async fn ranked(
        &self,
        kind: Kind,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Topic>, StoreError> {
        self.slice(kind, SliceStart::Shown(offset), limit).await.map(|slice| slice.topics)
    }

    /// Returns a slice of the ranking of a kind, of at most `limit` topics.
    pub async fn slice(
        &self,
        kind: Kind,
        start: SliceStart,
        limit: usize,
    ) -> Result<RankingSlice, StoreError> {
        let gaps = self.gaps(kind).await?;
        let stored = self.published.topics(kind);
        let total = stored - gaps.count();
        let offset = match start {
            SliceStart::Shown(offset) => offset,
            SliceStart::Position(position) => gaps.shown_before(position.min(stored)),
        };
        let wanted = u64::try_from(limit).unwrap_or(u64::MAX).min(total.saturating_sub(offset));
        let mut topics = Vec::new();
        let mut position = gaps.position(offset);
        while (topics.len() as u64) < wanted {
            position = gaps.position(offset + topics.len() as u64);
            let part = gaps.until_gap(position).min(wanted - topics.len() as u64);
            let part = usize::try_from(part).unwrap_or(usize::MAX);
            let found = self.published.ranked(kind, position, part).await?;
            position += found.len() as u64;
            let is_short = found.len() < part;
            topics.extend(found.into_iter().map(|topic| self.shown(topic)));
            if is_short {
                break;
            }
        }
        let is_last = topics.is_empty() || offset + topics.len() as u64 >= total;
        let next = (!is_last).then_some(position);
        Ok(RankingSlice {
            rank: offset.saturating_add(1),
            topics,
            next,
            total,
            excluded: gaps.count(),
        })
    }

    /// Returns the shown topics of a kind by a score in a window; in the last one if `bucket` is
    /// `None`. A bounded number of topics is stored, so excluded topics make the list shorter.
    pub async fn scored(
        &self,
        kind: Kind,
        score: Score,
        bucket: Option<i64>,
    ) -> Result<Vec<ScoredTopic>, StoreError> {
        let stored = self.published.scored(kind, score, bucket).await?;
        let is_shown = |topic: &ScoredTopic| !self.excludes(kind, &topic.term);
        let shown = stored.into_iter().filter(is_shown);
        Ok(shown
            .map(|topic| ScoredTopic { phrase: self.shown_phrase(topic.phrase), ..topic })
            .collect())
    }

    /// Returns the topic of a term, as the profile of the run writes it; `None` if it was not
    /// counted or is excluded.
    pub async fn topic(&self, kind: Kind, term: &str) -> Result<Option<Topic>, StoreError> {
        if self.excludes(kind, term) {
            return Ok(None);
        }
        let found = self.published.topic(kind, term).await?;
        Ok(found.map(|topic| self.shown(topic)))
    }

    /// Returns the counts of a term by window, ascending; empty if the run did not count by window,
    /// or the term is excluded. Records without a time are under [`trends::Bucket::WHOLE`].
    pub async fn series(&self, kind: Kind, term: &str) -> Result<Vec<WindowCount>, StoreError> {
        if self.excludes(kind, term) {
            return Ok(Vec::new());
        }
        self.published.series(kind, term).await
    }

    /// Returns the inputs and steps of a term's scores in a window; in the last one if `bucket` is
    /// `None`. Returns `None` if the run has no scores over time, the window has no scores, or the
    /// term is excluded.
    pub async fn explain(
        &self,
        kind: Kind,
        term: &str,
        bucket: Option<i64>,
    ) -> Result<Option<Explanation>, StoreError> {
        if self.excludes(kind, term) {
            return Ok(None);
        }
        self.published.explain(kind, term, bucket).await
    }

    /// Removes the phrase of a topic if it is excluded.
    fn shown(&self, mut topic: Topic) -> Topic {
        topic.facts.phrase = self.shown_phrase(topic.facts.phrase.take());
        topic
    }

    /// Returns the phrase that is listed in place of a word, unless the phrase is excluded.
    fn shown_phrase(&self, phrase: Option<String>) -> Option<String> {
        phrase.filter(|phrase| !self.excludes(Kind::Phrase, phrase))
    }

    /// Returns the positions of the excluded terms of a kind.
    async fn gaps(&self, kind: Kind) -> Result<&Gaps, StoreError> {
        static NONE: Gaps = Gaps::NONE;
        match self.gaps.get(&kind) {
            Some(_) if self.excluded.is_empty(kind) => Ok(&NONE),
            Some(gaps) => gaps.get_or_try_init(|| self.find(kind)).await,
            None => Ok(&NONE),
        }
    }

    async fn find(&self, kind: Kind) -> Result<Gaps, StoreError> {
        let terms = self.excluded.terms(kind);
        // Each look-up reads up to two blocks, a block of terms and a page; a scan reads every
        // page.
        let few = terms.filter(|terms| terms.len() * 2 <= self.published.pages(kind).len().max(8));
        let Some(terms) = few else {
            let is_wanted = |term: &str| self.excludes(kind, term);
            return self.published.positions_of(kind, is_wanted).await.map(Gaps::new);
        };
        let mut positions = Vec::new();
        for term in terms {
            if let Some(topic) = self.published.topic(kind, term).await? {
                positions.extend(self.published.position(&topic).await?);
            }
        }
        positions.sort_unstable();
        positions.dedup();
        Ok(Gaps::new(positions))
    }
}

#[cfg(test)]
pub(crate) mod tests;
