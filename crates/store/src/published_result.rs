//! Reading a published result. Owns the look-up of a rank or a term in the blocks of one
//! generation, so no answer mixes two generations. Knows nothing of exclusions: readers use a
//! `View`.

mod positions;

use std::collections::BTreeSet;
use std::sync::Arc;

use quick_cache::sync::Cache;
use trends::facts::TermFacts;
use trends::format::{
    FormatError, RankedTopic, RankingReader, RowReader, ScoredReader, ScoredTopic, SectionKey,
};
use trends::merge::Cursor as _;
use trends::result::{
    BlockRef, PhraseContents, RankingPage, ResultContents, ScoredBlock, TermBlock,
};
use trends::scores::{Cell, Explanation, PooledDispersion, Scorer, Totals};
use trends::window::calendar_day;
use trends::{Bucket, Kind, Partitions, RowRef, Score, Topic, slot};

use crate::document::{AttemptKey, decode_block};
use crate::generations::Generation;
use crate::marker::{Marker, marker};
use crate::{AttemptId, Key, Stage, Store, StoreError};

/// The most decoded blocks that are kept, about 1 MiB each.
const CACHED_BLOCKS: usize = 64;

/// One generation of a source.
#[derive(Debug)]
pub struct PublishedResult {
    store: Arc<dyn Store>,
    generation: Generation,
    contents: ResultContents,
    /// The prefix of the blocks of rankings and scores.
    publish: AttemptKey,
    partitions: Partitions,
    windows: Option<Totals>,
    /// Decoded blocks by key.
    cache: Cache<String, Arc<Vec<Topic>>>,
}

impl PublishedResult {
    /// Opens the result that a generation names.
    pub async fn open(store: Arc<dyn Store>, generation: Generation) -> Result<Self, StoreError> {
        let run = generation.run.clone();
        let key = Key::marker(&run, Stage::Publish, 0);
        let found: Option<Marker<ResultContents>> =
            marker(&*store, &run, Stage::Publish, 0).await?;
        let found = found.ok_or_else(|| StoreError::Missing { key: key.to_string() })?;
        let publish = found.attempt_key(&run, Stage::Publish, 0);
        let contents = found.report;
        let count = u32::try_from(contents.partitions.len()).ok().and_then(Partitions::new);
        let partitions = count.ok_or_else(|| {
            let count = contents.partitions.len();
            StoreError::damaged(&key, &format_args!("it has {count} partitions"))
        })?;
        let windows = Totals::of(contents.window, &contents.totals);
        let cache = Cache::new(CACHED_BLOCKS);
        Ok(Self { store, generation, contents, publish, partitions, windows, cache })
    }

    /// Returns the generation.
    pub fn generation(&self) -> &Generation {
        &self.generation
    }

    /// Returns the number of ranked topics of a kind.
    pub fn topics(&self, kind: Kind) -> u64 {
        self.contents.topics(kind)
    }

    /// Returns the counted kinds, ascending, those without a term included.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        // The oldest results have words only, and no list of kinds.
        let found = self.contents.rankings.keys();
        found.chain(&self.contents.kinds).copied().collect::<BTreeSet<_>>().into_iter()
    }

    /// Returns the contents of the result: its counters, its settings and its blocks.
    pub fn contents(&self) -> &ResultContents {
        &self.contents
    }

    /// Returns at most `limit` topics of a kind, from position `offset`; the highest-ranked has
    /// position 0.
    pub async fn ranked(
        &self,
        kind: Kind,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Topic>, StoreError> {
        let mut found = Vec::new();
        let mut first = 0_u64;
        for page in self.pages(kind) {
            let end = first + u64::from(page.topics);
            if found.len() == limit {
                break;
            }
            if offset < end {
                let topics = self.page(kind, page).await?;
                let skip = usize::try_from(offset.saturating_sub(first)).unwrap_or(usize::MAX);
                let wanted = topics.iter().skip(skip).take(limit - found.len());
                found.extend(wanted.cloned());
            }
            first = end;
        }
        Ok(found)
    }

    /// Returns the totals of each window; `None` if rows were not counted by window.
    pub fn windows(&self) -> Option<&Totals> {
        self.windows.as_ref()
    }

    /// Returns the stored topics of a kind by a score in a window. If `bucket` is `None`, it is
    /// the last closed window, or the whole run for a score that needs no window.
    pub async fn scored(
        &self,
        kind: Kind,
        score: Score,
        bucket: Option<i64>,
    ) -> Result<Vec<ScoredTopic>, StoreError> {
        let latest = || {
            let needs_window = score.needs_window();
            let Bucket(whole) = Bucket::WHOLE;
            if needs_window { self.windows()?.closed().last().copied() } else { Some(whole) }
        };
        let Some(bucket) = bucket.or_else(latest) else { return Ok(Vec::new()) };
        let wanted: SectionKey = (kind, score, Bucket(bucket));
        let first = |block: &ScoredBlock| (block.kind, block.score, Bucket(block.bucket));
        let blocks = &self.contents.scored;
        let begin = blocks.partition_point(|block| first(block) < wanted).saturating_sub(1);
        let end = blocks.partition_point(|block| first(block) <= wanted);
        let mut found = Vec::new();
        for block in blocks.get(begin..end).unwrap_or_default() {
            let topics = |block: &[u8]| section(block, wanted);
            found.extend(decode_block(&*self.store, &self.publish, &block.block, topics).await?);
        }
        Ok(found)
    }

    /// Returns the inputs and steps of a term's scores in a window; in the last one if `bucket` is
    /// `None`. Returns `None` if the run has no scores over time, or the window has no records or
    /// is not over.
    pub async fn explain(
        &self,
        kind: Kind,
        term: &str,
        bucket: Option<i64>,
    ) -> Result<Option<Explanation>, StoreError> {
        let (Some(windows), Some(settings)) = (&self.windows, self.contents.bursts()) else {
            return Ok(None);
        };
        let latest = || windows.closed().last().copied();
        let Some(bucket) = bucket.or_else(latest) else { return Ok(None) };
        let series = self.series(kind, term).await?;
        let cells: Vec<Cell> = series.iter().filter_map(WindowCount::cell).collect();
        let none = PooledDispersion::default();
        let pooled = self.contents.pooled.get(&kind).unwrap_or(&none);
        Ok(Scorer::new(windows, settings, pooled).explain(&cells, bucket))
    }

    /// Returns the topic of a term, as the profile of the run writes it; `None` if it was not
    /// counted.
    pub async fn topic(&self, kind: Kind, term: &str) -> Result<Option<Topic>, StoreError> {
        let key = (kind, term.as_bytes());
        let Some(TermBlocks { attempt, terms, .. }) = self.blocks(kind, term)? else {
            return Ok(None);
        };
        let Some(block) = blocks_of(terms, key).last() else { return Ok(None) };
        let topics = self.cached(&attempt, &block.block, rows).await?;
        let found = topics.binary_search_by(|topic| (topic.kind, topic.term.as_bytes()).cmp(&key));
        Ok(found.ok().and_then(|at| topics.get(at)).cloned())
    }

    /// Returns the counts of a term by window, ascending; empty if the run did not count by window.
    /// Records without a time are under [`trends::Bucket::WHOLE`].
    pub async fn series(&self, kind: Kind, term: &str) -> Result<Vec<WindowCount>, StoreError> {
        let mut counts = Vec::new();
        let Some(TermBlocks { attempt, series, .. }) = self.blocks(kind, term)? else {
            return Ok(counts);
        };
        for block in blocks_of(series, (kind, term.as_bytes())) {
            let decode = |block: &[u8]| windows(block, kind, term, &mut counts);
            decode_block(&*self.store, &attempt, &block.block, decode).await?;
        }
        if let Some(window) = self.contents.window {
            bound_days(&mut counts, window as i64);
        }
        Ok(counts)
    }

    /// Returns the blocks with the terms of `kind` in the partition of `term`; `None` for a phrase
    /// if phrases were not counted.
    fn blocks(&self, kind: Kind, term: &str) -> Result<Option<TermBlocks<'_>>, StoreError> {
        let partition = self.partitions.of(slot(kind, term.as_bytes()));
        let Some(entry) = self.contents.partitions.get(usize::from(partition)) else {
            return Ok(None);
        };
        let key = |stage, attempt: &str| {
            let (run, index) = (self.publish.run.clone(), u32::from(partition));
            Ok::<_, StoreError>(AttemptKey { run, stage, index, attempt: AttemptId::new(attempt)? })
        };
        Ok(match (&entry.phrases, kind) {
            (Some(PhraseContents { attempt, terms, series }), Kind::Phrase) => {
                Some(TermBlocks { attempt: key(Stage::Score, attempt)?, terms, series })
            }
            (None, Kind::Phrase) => None,
            _ => {
                let attempt = key(Stage::Aggregate, &entry.attempt)?;
                Some(TermBlocks { attempt, terms: &entry.terms, series: &entry.series })
            }
        })
    }

    async fn page(&self, kind: Kind, page: &RankingPage) -> Result<Arc<Vec<Topic>>, StoreError> {
        let topics = self.cached(&self.publish, &page.block, ranking).await?;
        let fits = topics.len() == page.topics as usize
            && topics.first().is_none_or(|topic| topic.kind == kind && topic.term == page.first);
        if fits {
            Ok(topics)
        } else {
            let key = self.publish.block(&page.block.name);
            Err(StoreError::damaged(&key, &"it differs from its entry in the result's contents"))
        }
    }

    async fn cached(
        &self,
        attempt: &AttemptKey,
        block: &BlockRef,
        decode: fn(&[u8]) -> Result<Vec<Topic>, FormatError>,
    ) -> Result<Arc<Vec<Topic>>, StoreError> {
        let key = attempt.block(&block.name).to_string();
        if let Some(topics) = self.cache.get(&key) {
            return Ok(topics);
        }
        let topics = Arc::new(decode_block(&*self.store, attempt, block, decode).await?);
        self.cache.insert(key, Arc::clone(&topics));
        Ok(topics)
    }
}

/// The blocks of the terms of some kinds in a partition, and of their series.
struct TermBlocks<'a> {
    attempt: AttemptKey,
    terms: &'a [TermBlock],
    series: &'a [TermBlock],
}

/// Returns the blocks that may hold rows of a term, whose rows can cross the end of a block.
fn blocks_of<'a>(blocks: &'a [TermBlock], key: (Kind, &[u8])) -> &'a [TermBlock] {
    let first = |block: &TermBlock, below: fn(&std::cmp::Ordering) -> bool| {
        below(&(block.kind, block.first.as_bytes()).cmp(&key))
    };
    let begin = blocks.partition_point(|block| first(block, |order| order.is_lt()));
    let end = blocks.partition_point(|block| first(block, |order| order.is_le()));
    blocks.get(begin.saturating_sub(1)..end).unwrap_or_default()
}

/// The counts of a term in one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowCount {
    /// The window.
    pub bucket: Bucket,
    /// Number of occurrences.
    pub count: u64,
    /// Number of records with the term.
    pub documents: u64,
    /// Number of distinct authors, at most `documents`; `None` if the records have no authors.
    pub authors: Option<u64>,
    /// Number of distinct authors from the beginning of the calendar day (UTC) to the end of the
    /// window, at most the documents of that time; `None` without the chi-square score.
    pub today: Option<u64>,
}

impl WindowCount {
    /// Returns the counts as they are scored; `None` for records without a time, which are in no
    /// window.
    fn cell(&self) -> Option<Cell> {
        let Self { bucket: Bucket(bucket), count, documents, authors, .. } = *self;
        let cell = Cell { bucket, count, documents, authors: authors.unwrap_or(0) };
        (self.bucket != Bucket::WHOLE).then_some(cell)
    }
}

/// Returns the topics in a block that belong to the section `wanted`.
fn section(block: &[u8], wanted: SectionKey) -> Result<Vec<ScoredTopic>, FormatError> {
    let mut reader = ScoredReader::open(block)?;
    let mut topics = Vec::new();
    while let Some((key, topic)) = reader.topic()? {
        if key == wanted {
            topics.push(topic);
        }
    }
    Ok(topics)
}

/// Appends the counts of a term in a block to `series`.
fn windows(
    block: &[u8],
    kind: Kind,
    term: &str,
    series: &mut Vec<WindowCount>,
) -> Result<(), FormatError> {
    let mut reader = RowReader::open(block)?;
    while let Some(row) = reader.row() {
        if (row.kind, row.term) == (kind, term.as_bytes()) {
            let TermFacts { authors, today, .. } = TermFacts::decode(row.detail, row.documents)?;
            let RowRef { bucket, count, documents, .. } = row;
            series.push(WindowCount { bucket, count, documents, authors, today });
        }
        reader.advance()?;
    }
    Ok(())
}

/// Bounds the authors of each day so far by its documents so far: estimates of earlier releases may
/// exceed them. A window has `window` seconds.
fn bound_days(series: &mut [WindowCount], window: i64) {
    let (mut day, mut documents) = (i64::MIN, 0_u64);
    for counted in series.iter_mut().filter(|counted| counted.bucket != Bucket::WHOLE) {
        let begun = calendar_day(counted.bucket.0, window);
        documents = if begun == day { documents } else { 0 }.saturating_add(counted.documents);
        day = begun;
        counted.today = counted.today.map(|authors| authors.min(documents));
    }
}

/// Returns the topics of a block of terms.
fn rows(block: &[u8]) -> Result<Vec<Topic>, FormatError> {
    let mut reader = RowReader::open(block)?;
    let mut topics = Vec::new();
    while let Some(RowRef { kind, term, count, documents, detail, .. }) = reader.row() {
        let facts = TermFacts::decode(detail, documents)?;
        topics.push(Topic { kind, term: text(term)?, count, documents, facts });
        reader.advance()?;
    }
    Ok(topics)
}

fn ranking(block: &[u8]) -> Result<Vec<Topic>, FormatError> {
    let mut reader = RankingReader::open(block)?;
    let kind = reader.kind();
    let mut topics = Vec::new();
    while let Some(RankedTopic { term, count, documents, facts }) = reader.topic()? {
        let facts = TermFacts::decode(facts, documents)?;
        topics.push(Topic { kind, term: text(term)?, count, documents, facts });
    }
    Ok(topics)
}

fn text(term: &[u8]) -> Result<String, FormatError> {
    String::from_utf8(term.to_vec()).map_err(|_| FormatError::Content(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authors_of_a_day_so_far_are_at_most_its_documents_so_far() {
        let hour = |bucket, documents, today| WindowCount {
            bucket,
            count: documents,
            documents,
            authors: None,
            today,
        };
        let mut series = [
            hour(Bucket::WHOLE, 900, None),
            hour(Bucket(-1), 70, Some(71)),
            hour(Bucket(0), 40, Some(41)),
            hour(Bucket(1), 2, None),
            hour(Bucket(23), 40, Some(83)),
            hour(Bucket(24), 40, Some(39)),
            hour(Bucket(48), 50, Some(90)),
        ];
        bound_days(&mut series, 3600);
        let today: Vec<_> = series.iter().filter_map(|counted| counted.today).collect();
        assert_eq!(today, [70, 40, 82, 39, 50]);
    }
}
