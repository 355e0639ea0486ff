//! Reading a published result. Owns how a rank or a term is found in its blocks; pinned to one
//! generation, so that no answer mixes two.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use trends::format::{FormatError, RankingReader, RowReader};
use trends::merge::Cursor as _;
use trends::result::{BlockRef, RankingPage, ResultIndex, TermBlock};
use trends::{Kind, Partitions, RecordCounts, Topic, slot};

use crate::document::{Home, read_block};
use crate::generations::Generation;
use crate::marker::{Marker, marker};
use crate::{AttemptId, Key, Stage, Store, StoreError};

/// How many decoded blocks are kept: about 64 x 1 MiB at most, and any may be dropped at any time.
const CACHED_BLOCKS: usize = 64;

/// One generation of a source.
#[derive(Debug)]
pub struct Published {
    store: Arc<dyn Store>,
    generation: Generation,
    index: ResultIndex,
    publish: Home,
    partitions: Partitions,
    cache: Mutex<HashMap<String, Arc<Vec<Topic>>>>,
}

impl Published {
    /// Opens the result a generation names.
    pub async fn open(store: Arc<dyn Store>, generation: Generation) -> Result<Self, StoreError> {
        let run = generation.run.clone();
        let key = Key::marker(&run, Stage::Publish, 0);
        let found: Option<Marker<ResultIndex>> = marker(&*store, &run, Stage::Publish, 0).await?;
        let found = found.ok_or_else(|| StoreError::Missing { key: key.to_string() })?;
        let publish = found.home(&run, Stage::Publish, 0);
        let index = found.report;
        let count = u32::try_from(index.partitions.len()).ok().and_then(Partitions::new);
        let partitions = count.ok_or_else(|| {
            let what = format!("it names {} partitions", index.partitions.len());
            StoreError::Damaged { key: key.to_string(), what }
        })?;
        let cache = Mutex::default();
        Ok(Self { store, generation, index, publish, partitions, cache })
    }

    /// Which generation this is.
    pub fn generation(&self) -> &Generation {
        &self.generation
    }

    /// The digest of rows and counters, 64 hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.index.digest
    }

    /// How many topics of a kind are ranked.
    pub fn topics(&self, kind: Kind) -> u64 {
        self.index.topics(kind)
    }

    /// The kinds that were counted.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.index.rankings.keys().copied()
    }

    /// What became of the records.
    pub fn records(&self) -> &RecordCounts {
        &self.index.records
    }

    /// The topics of a kind from position `offset`, 0 for the highest, at most `limit` of them.
    pub async fn ranked(
        &self,
        kind: Kind,
        offset: u64,
        limit: usize,
    ) -> Result<Vec<Topic>, StoreError> {
        let mut found = Vec::new();
        let mut first = 0_u64;
        for page in self.index.rankings.get(&kind).map_or(&[][..], Vec::as_slice) {
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

    /// A topic by its term, as the profile of the run writes it, `None` if it was not counted.
    pub async fn topic(&self, kind: Kind, term: &str) -> Result<Option<Topic>, StoreError> {
        let partition = self.partitions.of(slot(kind, term.as_bytes()));
        let Some(entry) = self.index.partitions.get(usize::from(partition)) else {
            return Ok(None);
        };
        let key = (kind, term.as_bytes());
        let above = |block: &TermBlock| (block.kind, block.first.as_bytes()) <= key;
        let end = entry.terms.partition_point(above);
        let Some(block) = end.checked_sub(1).and_then(|at| entry.terms.get(at)) else {
            return Ok(None);
        };
        let attempt = AttemptId::new(&entry.attempt)?;
        let run = self.publish.run.clone();
        let home = Home { run, stage: Stage::Aggregate, index: u32::from(partition), attempt };
        let topics = self.cached(&home, &block.block, rows).await?;
        let found = topics.binary_search_by(|topic| (topic.kind, topic.term.as_bytes()).cmp(&key));
        Ok(found.ok().and_then(|at| topics.get(at)).cloned())
    }

    async fn page(&self, kind: Kind, page: &RankingPage) -> Result<Arc<Vec<Topic>>, StoreError> {
        let topics = self.cached(&self.publish, &page.block, ranking).await?;
        let fits = topics.len() == page.topics as usize
            && topics.first().is_none_or(|topic| topic.kind == kind && topic.term == page.first);
        if fits {
            Ok(topics)
        } else {
            let key = self.publish.block(&page.block.name).to_string();
            Err(StoreError::Damaged { key, what: "it is not the page its index says".to_owned() })
        }
    }

    async fn cached(
        &self,
        home: &Home,
        block: &BlockRef,
        decode: fn(&[u8]) -> Result<Vec<Topic>, FormatError>,
    ) -> Result<Arc<Vec<Topic>>, StoreError> {
        let key = home.block(&block.name).to_string();
        if let Some(topics) = self.lock().get(&key) {
            return Ok(Arc::clone(topics));
        }
        let bytes = read_block(&*self.store, home, block).await?;
        let topics =
            decode(&bytes).map_err(|error| StoreError::undecodable(key.clone(), &error))?;
        let topics = Arc::new(topics);
        let mut cache = self.lock();
        if cache.len() >= CACHED_BLOCKS {
            // Which one goes hardly matters: the hot ones come back with their next read.
            let dropped = cache.keys().next().cloned();
            dropped.and_then(|key| cache.remove(&key));
        }
        cache.insert(key, Arc::clone(&topics));
        Ok(topics)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Vec<Topic>>>> {
        // A cache of immutable blocks is as good after a panic elsewhere as before.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The topics of a block of rows: its rows added up over their buckets.
fn rows(block: &[u8]) -> Result<Vec<Topic>, FormatError> {
    let mut reader = RowReader::open(block)?;
    let mut topics: Vec<Topic> = Vec::new();
    while let Some(row) = reader.row() {
        match topics.last_mut() {
            Some(last) if last.kind == row.kind && last.term.as_bytes() == row.term => {
                last.count += row.count;
                last.documents += row.documents;
            }
            _ => topics.push(Topic {
                kind: row.kind,
                term: text(row.term)?,
                count: row.count,
                documents: row.documents,
            }),
        }
        reader.advance()?;
    }
    Ok(topics)
}

fn ranking(block: &[u8]) -> Result<Vec<Topic>, FormatError> {
    let mut reader = RankingReader::open(block)?;
    let kind = reader.kind();
    let mut topics = Vec::new();
    while let Some(topic) = reader.topic()? {
        let (count, documents) = (topic.count, topic.documents);
        topics.push(Topic { kind, term: text(topic.term)?, count, documents });
    }
    Ok(topics)
}

fn text(term: &[u8]) -> Result<String, FormatError> {
    String::from_utf8(term.to_vec()).map_err(|_| FormatError::Content(0))
}
