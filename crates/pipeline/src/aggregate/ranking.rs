//! Ranking the topics of a partition. Owns the memory for topics and the cutting of rankings into
//! pages; the order is `trends::cmp_rank`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use trends::format::{FormatError, RankedTopic, RankingReader, RankingWriter};
use trends::result::{BlockRef, RankingPage};
use trends::{Kind, RowRef, cmp_rank};

use crate::Error;
use crate::block_writer::{Block, BlockWriter, ReferencedBlocks};
use crate::blocks::BlockSink;
use crate::sorted::{Blocks, EntryBlock, merge};
use crate::spill::{Spill, SpillWriter};

/// Bytes of topics per page, before compression: about 64 KiB after it.
const PAGE: usize = 128 << 10;

/// The smallest budget in bytes: a smaller one would spill a file for every few topics.
const MIN_BUDGET: usize = 1 << 18;

/// Bytes of an entry besides its term.
const ENTRY: usize = size_of::<Entry>();

#[derive(Debug, Clone, Copy)]
struct Entry {
    count: u64,
    documents: u64,
    /// The offset of the term in `Topics::terms`; its facts follow it.
    start: usize,
    length: u16,
    facts: u16,
}

/// Collects the topics of a partition and writes them in ranking order, kind by kind.
#[derive(Debug)]
pub(crate) struct RankCollector {
    kinds: BTreeMap<Kind, Topics>,
    /// Bytes of the topics in memory, of all kinds.
    bytes: usize,
    budget: usize,
    folder: PathBuf,
}

/// The topics of one kind: those in memory, and sorted runs on disk.
#[derive(Debug, Default)]
struct Topics {
    terms: Vec<u8>,
    entries: Vec<Entry>,
    spills: Vec<Spill>,
}

impl RankCollector {
    /// A collector with a memory of about `budget` bytes; the rest is spilled to `folder`.
    pub(crate) fn new(budget: usize, folder: PathBuf) -> Self {
        Self { kinds: BTreeMap::new(), bytes: 0, budget: budget.max(MIN_BUDGET), folder }
    }

    /// Adds the only row of a term, with the facts that a listing shows as its detail.
    pub(crate) fn add(&mut self, row: &RowRef<'_>) -> Result<(), Error> {
        if self.bytes > self.budget {
            for (kind, topics) in &mut self.kinds {
                topics.spill(*kind, &self.folder)?;
            }
            self.bytes = 0;
        }
        let topics = self.kinds.entry(row.kind).or_default();
        self.bytes += row.term.len() + row.detail.len() + ENTRY;
        let RowRef { count, documents, term, detail, .. } = *row;
        // Stored terms are at most 1,024 bytes long, the facts of a listing at most 2 KiB.
        let (length, facts) = (term.len() as u16, detail.len() as u16);
        topics.entries.push(Entry { count, documents, start: topics.terms.len(), length, facts });
        topics.terms.extend_from_slice(term);
        topics.terms.extend_from_slice(detail);
        Ok(())
    }

    pub(crate) fn finish(
        self,
        sink: &mut BlockSink<'_>,
    ) -> Result<BTreeMap<Kind, Vec<RankingPage>>, Error> {
        let mut rankings = BTreeMap::new();
        for (kind, mut topics) in self.kinds {
            let mut pages = RankingPages::of_kind(kind, format!("ranking-{kind}"));
            if topics.spills.is_empty() {
                topics.sort();
                topics.entries.iter().try_for_each(|entry| pages.add(topics.topic(entry), sink))?;
            } else {
                topics.spill(kind, &self.folder)?;
                let spilled = topics.spills.iter().map(|spill| Blocks::Spilled(spill.run(0)));
                merge::<RankingReader>(spilled.collect(), |ranked| {
                    pages.add(ranked.topic(), sink)
                })?;
            }
            rankings.insert(kind, pages.finish(sink)?);
        }
        Ok(rankings)
    }
}

impl Topics {
    fn topic(&self, entry: &Entry) -> RankedTopic<'_> {
        let Entry { count, documents, start, length, facts } = *entry;
        let end = start + usize::from(length);
        let (term, facts) = (&self.terms[start..end], &self.terms[end..end + usize::from(facts)]);
        RankedTopic { term, count, documents, facts }
    }

    fn sort(&mut self) {
        let terms = &self.terms;
        let term = |entry: &Entry| &terms[entry.start..entry.start + usize::from(entry.length)];
        self.entries.sort_unstable_by(|a, b| cmp_rank((a.count, term(a)), (b.count, term(b))));
    }

    /// Moves the topics in memory to a sorted run on disk.
    fn spill(&mut self, kind: Kind, folder: &Path) -> Result<(), Error> {
        if self.entries.is_empty() {
            return Ok(());
        }
        self.sort();
        let mut writer = SpillWriter::new(folder, PageWriter::new(kind), PAGE)?;
        self.entries.iter().try_for_each(|entry| writer.add(self.topic(entry)))?;
        writer.end_run()?;
        self.spills.push(writer.finish()?);
        (self.entries, self.terms) = (Vec::new(), Vec::new());
        Ok(())
    }
}

/// A ranking, cut into pages.
pub(crate) type RankingPages = ReferencedBlocks<PageWriter>;

impl RankingPages {
    /// The pages of a ranking of this kind, whose names begin with `name`.
    pub(crate) fn of_kind(kind: Kind, name: String) -> Self {
        Self::new(name, 6, PageWriter::new(kind), PAGE)
    }
}

/// Writes pages of topics, given in ranking order. The reference to a page holds its first topic.
#[derive(Debug)]
pub(crate) struct PageWriter {
    topics: RankingWriter,
    first: Option<(String, u64)>,
}

impl PageWriter {
    fn new(kind: Kind) -> Self {
        Self { topics: RankingWriter::new(kind), first: None }
    }
}

impl BlockWriter for PageWriter {
    type Entry<'a> = RankedTopic<'a>;
    type Head = (String, u64, u32);
    type Reference = RankingPage;

    fn push(&mut self, topic: RankedTopic<'_>) {
        if self.first.is_none() {
            self.first = Some((String::from_utf8_lossy(topic.term).into_owned(), topic.count));
        }
        self.topics.push(topic);
    }

    fn raw_len(&self) -> usize {
        self.topics.raw_len()
    }

    fn finish(&mut self) -> Result<Option<Block<Self::Head>>, FormatError> {
        let Some((first, count)) = self.first.take() else { return Ok(None) };
        let topics = self.topics.topics();
        Ok(Some(((first, count, topics), self.topics.finish()?)))
    }

    fn reference((first, count, topics): Self::Head, block: BlockRef) -> RankingPage {
        RankingPage { first, count, topics, block }
    }
}

/// A topic of a ranking that is being merged, apart from its page.
#[derive(Debug)]
pub(crate) struct OwnedTopic {
    term: Vec<u8>,
    facts: Vec<u8>,
    count: u64,
    documents: u64,
}

impl OwnedTopic {
    pub(crate) fn topic(&self) -> RankedTopic<'_> {
        let Self { term, facts, count, documents } = self;
        RankedTopic { term, count: *count, documents: *documents, facts }
    }
}

impl EntryBlock for RankingReader {
    type Entry = OwnedTopic;

    fn open(block: &[u8]) -> Result<Self, FormatError> {
        Self::open(block)
    }

    fn next(&mut self) -> Result<Option<OwnedTopic>, FormatError> {
        let owned = |RankedTopic { term, count, documents, facts }: RankedTopic<'_>| OwnedTopic {
            term: term.to_vec(),
            facts: facts.to_vec(),
            count,
            documents,
        };
        Ok(self.topic()?.map(owned))
    }

    fn order(a: &OwnedTopic, b: &OwnedTopic) -> Ordering {
        cmp_rank((a.count, &a.term), (b.count, &b.term))
    }
}
