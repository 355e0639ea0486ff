//! A published result as readers are shown it: without the terms that are left out, ranks counted anew.
//! Owns the translation between the ranks that are shown and the positions that are stored; how a result
//! is read is for `Published`, what is excluded for `trends`.
//!
//! The positions of what is left out are found once per result, version and kind, when they are first
//! needed: by looking terms up where few are named, else by one scan. They are kept in 8 bytes each, for
//! as long as the view is.

mod gaps;
mod mixed;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::OnceCell;
use trends::exclusions::{Exclusions, LeftOut};
use trends::format::ScoredTopic;
use trends::result::ResultIndex;
use trends::scores::{Explanation, Totals};
use trends::{Kind, RecordCounts, Score, Topic};

use crate::generations::{self, Generation};
use crate::published::WindowCount;
use crate::{Published, SourceName, Store, StoreError, exclusions};
use gaps::Gaps;

/// One generation of a source, and what of it is left out.
#[derive(Debug)]
pub struct View {
    published: Arc<Published>,
    exclusions: Arc<Exclusions>,
    excluded: LeftOut,
    /// Left out of rankings only: who asks for such a term is told of it.
    unlisted: LeftOut,
    gaps: BTreeMap<Kind, OnceCell<Gaps>>,
}

/// Where a part of a ranking begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStart {
    /// After so many topics that are shown.
    Shown(u64),
    /// At a stored position, from [`Page::next`]: what is excluded or readmitted meanwhile moves no
    /// topic over it, so that who goes on there misses none and sees none twice.
    Position(u64),
}

/// A part of a ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rank of the first topic, from 1, among all that are shown.
    pub rank: u64,
    /// The topics, without gaps between their ranks.
    pub topics: Vec<Topic>,
    /// The stored position after the last of them; `None` if no other follows.
    pub next: Option<u64>,
    /// How many topics are shown of this kind.
    pub total: u64,
    /// How many are left out.
    pub excluded: u64,
}

impl View {
    /// A result without what is excluded.
    ///
    /// # Errors
    /// If the patterns that are excluded can't be followed.
    pub fn new(published: Arc<Published>, exclusions: Arc<Exclusions>) -> Result<Self, StoreError> {
        let excluded = LeftOut::excluded(&exclusions, published.index().profile, published.kinds())
            .map_err(|error| {
                let source = &published.generation().source;
                StoreError::Refused(format!("showing {source}: {error}"))
            })?;
        let gaps = published.kinds().map(|kind| (kind, OnceCell::new())).collect();
        Ok(Self { published, exclusions, excluded, unlisted: LeftOut::default(), gaps })
    }

    /// Opens the result a generation names, without what is excluded now.
    pub async fn open(store: Arc<dyn Store>, generation: Generation) -> Result<Self, StoreError> {
        let source = &generation.source;
        let excluded = exclusions::current(&*store, source, &Arc::default()).await?;
        let published = Published::open(store, generation).await?;
        Self::new(Arc::new(published), excluded)
    }

    /// The same without further terms in its rankings, which are found all the same by who asks for them.
    #[must_use]
    pub fn not_listing(self, unlisted: LeftOut) -> Self {
        let gaps = self.published.kinds().map(|kind| (kind, OnceCell::new())).collect();
        Self { unlisted, gaps, ..self }
    }

    /// The newest result of a source with the newest exclusions, `None` if there is no result. `last` is
    /// what was found before: it is given back as it is if neither changed.
    pub async fn newest(
        store: &Arc<dyn Store>,
        source: &SourceName,
        last: Option<&Arc<Self>>,
    ) -> Result<Option<Arc<Self>>, StoreError> {
        let known = last.map_or(0, |last| last.generation().generation);
        let mut newest = generations::newest(&**store, source, known).await?;
        let mut excluded = last.map(|last| Arc::clone(&last.exclusions)).unwrap_or_default();
        if newest.is_none() && known > 0 {
            // No log loses entries, so this is another store in the same place.
            newest = generations::newest(&**store, source, 0).await?;
            excluded = Arc::default();
        }
        let Some(newest) = newest.filter(|newest| !newest.withdrawn) else { return Ok(None) };
        let excluded = exclusions::current(&**store, source, &excluded).await?;
        let last = last.filter(|last| *last.generation() == newest);
        if let Some(last) = last.filter(|last| last.exclusions == excluded) {
            return Ok(Some(Arc::clone(last)));
        }
        let published = match last {
            Some(last) => Arc::clone(&last.published),
            None => Arc::new(Published::open(Arc::clone(store), newest).await?),
        };
        Self::new(published, excluded).map(|view| Some(Arc::new(view)))
    }

    /// Which generation this is.
    pub fn generation(&self) -> &Generation {
        self.published.generation()
    }

    /// What is excluded.
    pub fn exclusions(&self) -> &Arc<Exclusions> {
        &self.exclusions
    }

    /// The index: what was counted and how, whatever of it is shown.
    pub fn index(&self) -> &ResultIndex {
        self.published.index()
    }

    /// The digest of rows and counters, 64 hexadecimal digits.
    pub fn digest(&self) -> &str {
        self.published.digest()
    }

    /// What became of the records.
    pub fn records(&self) -> &RecordCounts {
        self.published.records()
    }

    /// The kinds that were counted.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.published.kinds()
    }

    /// What happened in each window, where rows were counted by window.
    pub fn windows(&self) -> Option<&Totals> {
        self.published.windows()
    }

    /// Whether a term, as the profile of the run writes it, is excluded: then it is as if it had not been
    /// counted.
    pub fn excludes(&self, kind: Kind, term: &str) -> bool {
        self.excluded.contains(kind, term)
    }

    /// How many topics of a kind are shown.
    pub async fn topics(&self, kind: Kind) -> Result<u64, StoreError> {
        Ok(self.published.topics(kind) - self.gaps(kind).await?.count())
    }

    /// The topics of a kind from rank `offset`, 0 for the highest, at most `limit` of them.
    pub async fn ranked(
        &self,
        kind: Kind,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Topic>, StoreError> {
        self.page(kind, PageStart::Shown(offset), limit).await.map(|page| page.topics)
    }

    /// A part of the ranking of a kind: at most `limit` topics.
    pub async fn page(&self, kind: Kind, start: PageStart, limit: usize) -> Result<Page, StoreError> {
        let gaps = self.gaps(kind).await?;
        let stored = self.published.topics(kind);
        let total = stored - gaps.count();
        let offset = match start {
            PageStart::Shown(offset) => offset,
            PageStart::Position(position) => gaps.shown_before(position.min(stored)),
        };
        let wanted = u64::try_from(limit).unwrap_or(u64::MAX).min(total.saturating_sub(offset));
        let mut topics = Vec::new();
        let mut position = gaps.position(offset);
        while (topics.len() as u64) < wanted {
            position = gaps.position(offset + topics.len() as u64);
            let run = gaps.run(position).min(wanted - topics.len() as u64);
            let run = usize::try_from(run).unwrap_or(usize::MAX);
            let found = self.published.ranked(kind, position, run).await?;
            position += found.len() as u64;
            let is_short = found.len() < run;
            topics.extend(found.into_iter().map(|topic| self.shown(topic)));
            if is_short {
                break;
            }
        }
        let is_last = topics.is_empty() || offset + topics.len() as u64 >= total;
        let next = (!is_last).then_some(position);
        Ok(Page { rank: offset.saturating_add(1), topics, next, total, excluded: gaps.count() })
    }

    /// The topics of a kind by a score in a window, the last one unless told, from rank `offset`, at most
    /// `limit` of them. Of those that are stored, the highest-ranked thousand, what is left out makes room
    /// for no other.
    pub async fn scored(
        &self,
        kind: Kind,
        score: Score,
        bucket: Option<i64>,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<ScoredTopic>, StoreError> {
        let stored = self.published.scored(kind, score, bucket, 0, usize::MAX).await?;
        let is_shown = |topic: &ScoredTopic| !self.leaves_out(kind, &topic.term);
        let shown = stored.into_iter().filter(is_shown).skip(offset).take(limit);
        Ok(shown.map(|topic| ScoredTopic { phrase: self.told(topic.phrase), ..topic }).collect())
    }

    /// A topic by its term, as the profile of the run writes it, `None` if it was not counted or is
    /// excluded.
    pub async fn topic(&self, kind: Kind, term: &str) -> Result<Option<Topic>, StoreError> {
        if self.excludes(kind, term) {
            return Ok(None);
        }
        let found = self.published.topic(kind, term).await?;
        Ok(found.map(|topic| self.shown(topic)))
    }

    /// The windows a term was counted in, ascending; none where nothing was counted by window, and of a
    /// term that is excluded. Records without a time are under [`trends::Bucket::WHOLE`].
    pub async fn series(&self, kind: Kind, term: &str) -> Result<Vec<WindowCount>, StoreError> {
        if self.excludes(kind, term) {
            return Ok(Vec::new());
        }
        self.published.series(kind, term).await
    }

    /// How the scores of a term in a window, the last one unless told, came about; `None` where nothing
    /// was scored, that is no window, or the term is excluded.
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

    /// A topic that does not name an excluded phrase.
    fn shown(&self, mut topic: Topic) -> Topic {
        topic.facts.phrase = self.told(topic.facts.phrase.take());
        topic
    }

    /// The phrase that stands for a word, unless it is excluded.
    fn told(&self, phrase: Option<String>) -> Option<String> {
        phrase.filter(|phrase| !self.excludes(Kind::Phrase, phrase))
    }

    fn leaves_out(&self, kind: Kind, term: &str) -> bool {
        self.excluded.contains(kind, term) || self.unlisted.contains(kind, term)
    }

    /// What is left out of the ranking of a kind.
    async fn gaps(&self, kind: Kind) -> Result<&Gaps, StoreError> {
        static NONE: Gaps = Gaps::NONE;
        match self.gaps.get(&kind) {
            Some(_) if self.excluded.is_empty(kind) && self.unlisted.is_empty(kind) => Ok(&NONE),
            Some(gaps) => gaps.get_or_try_init(|| self.find(kind)).await,
            None => Ok(&NONE),
        }
    }

    async fn find(&self, kind: Kind) -> Result<Gaps, StoreError> {
        let named = self.excluded.named(kind).zip(self.unlisted.named(kind));
        let named = named.map(|(excluded, unlisted)| [excluded, unlisted].concat());
        // A look-up reads a block of terms and a page.
        let few = named.filter(|named| named.len() * 2 <= self.published.pages(kind).max(8));
        let Some(named) = few else {
            let is_wanted = |term: &str| self.leaves_out(kind, term);
            return self.published.positions_of(kind, is_wanted).await.map(Gaps::new);
        };
        let mut positions = Vec::new();
        for term in named {
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
