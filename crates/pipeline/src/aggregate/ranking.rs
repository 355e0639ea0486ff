//! Ranking the topics of a partition. Owns what is kept in memory and how rankings are cut into pages; the
//! order is `trends::cmp_rank`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use trends::format::{FormatError, RankedTopic, RankingReader, RankingWriter};
use trends::result::RankingPage;
use trends::{Kind, RowRef, cmp_rank};

use crate::Error;
use crate::blocks::{BlockSink, unencodable};
use crate::sorted::{Run, RunWriter, Sorted, SortedBlock, merge};

/// Bytes of topics per page, before compression: about 64 KiB after it.
const PAGE: usize = 128 << 10;

/// A smaller budget would make a file of every few topics.
const MIN_BUDGET: usize = 1 << 18;

/// What an entry costs besides its term.
const ENTRY: usize = size_of::<Entry>();

#[derive(Debug, Clone, Copy)]
struct Entry {
    count: u64,
    documents: u64,
    /// Where the term begins; what is told of it follows.
    start: usize,
    length: u16,
    facts: u16,
}

/// Collects the topics of a partition and writes them in ranking order, kind by kind.
#[derive(Debug)]
pub(crate) struct RankCollector {
    kinds: BTreeMap<Kind, Topics>,
    budget: usize,
    folder: PathBuf,
}

/// The topics of one kind: those in memory, and sorted runs.
#[derive(Debug, Default)]
struct Topics {
    terms: Vec<u8>,
    entries: Vec<Entry>,
    runs: Vec<Run>,
}

impl RankCollector {
    pub(crate) fn new(budget: usize, folder: PathBuf) -> Self {
        Self { kinds: BTreeMap::new(), budget: budget.max(MIN_BUDGET), folder }
    }

    /// Adds the row of a term, the only one, with what a listing tells of it as its detail.
    pub(crate) fn add(&mut self, row: &RowRef<'_>) -> Result<(), Error> {
        let topics = self.kinds.entry(row.kind).or_default();
        if topics.terms.len() + topics.entries.len() * ENTRY > self.budget {
            topics.spill(row.kind, &self.folder)?;
        }
        let RowRef { count, documents, term, detail, .. } = *row;
        // Stored terms are at most 1,024 bytes long, what a listing tells of them at most 2 KiB.
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
            let mut pages = Page::new(kind, format!("ranking-{kind}"));
            topics.sort();
            if topics.runs.is_empty() {
                topics.entries.iter().try_for_each(|entry| pages.add(topics.topic(entry), sink))?;
            } else {
                topics.spill(kind, &self.folder)?;
                let runs = topics.runs.into_iter().map(Sorted::<RankingReader>::spilled);
                merge(runs.collect(), |ranked| pages.add(ranked.topic(), sink))?;
            }
            rankings.insert(kind, pages.finish(sink)?);
        }
        Ok(rankings)
    }
}

impl Topics {
    fn topic(&self, entry: &Entry) -> RankedTopic<'_> {
        let Entry { count, documents, start, length, facts } = *entry;
        let told = start + usize::from(length);
        let (term, facts) =
            (&self.terms[start..told], &self.terms[told..told + usize::from(facts)]);
        RankedTopic { term, count, documents, facts }
    }

    fn sort(&mut self) {
        let terms = &self.terms;
        let term = |entry: &Entry| &terms[entry.start..entry.start + usize::from(entry.length)];
        self.entries.sort_unstable_by(|a, b| cmp_rank((a.count, term(a)), (b.count, term(b))));
    }

    /// Writes what is in memory as a sorted run.
    fn spill(&mut self, kind: Kind, folder: &Path) -> Result<(), Error> {
        self.sort();
        let mut run = RunWriter::new(folder)?;
        let mut writer = RankingWriter::new(kind);
        for (number, entry) in self.entries.iter().enumerate() {
            writer.push(self.topic(entry));
            if writer.raw_len() >= PAGE || number + 1 == self.entries.len() {
                run.push(&writer.finish().map_err(unencodable)?)?;
            }
        }
        self.runs.push(run.finish()?);
        self.entries.clear();
        self.terms.clear();
        Ok(())
    }
}

/// Cuts topics, given in ranking order, into pages.
#[derive(Debug)]
pub(crate) struct Page {
    name: String,
    writer: RankingWriter,
    first: Option<(String, u64)>,
    pages: Vec<RankingPage>,
}

impl Page {
    /// Pages named after `name`.
    pub(crate) fn new(kind: Kind, name: String) -> Self {
        Self { name, writer: RankingWriter::new(kind), first: None, pages: Vec::new() }
    }

    pub(crate) fn add(
        &mut self,
        topic: RankedTopic<'_>,
        sink: &mut BlockSink<'_>,
    ) -> Result<(), Error> {
        if self.first.is_none() {
            self.first = Some((String::from_utf8_lossy(topic.term).into_owned(), topic.count));
        }
        self.writer.push(topic);
        if self.writer.raw_len() >= PAGE { self.cut(sink) } else { Ok(()) }
    }

    fn cut(&mut self, sink: &mut BlockSink<'_>) -> Result<(), Error> {
        if let Some((first, count)) = self.first.take() {
            let topics = self.writer.topics();
            let name = format!("{}-{:06}", self.name, self.pages.len());
            let block = sink.put(name, self.writer.finish().map_err(unencodable)?)?;
            self.pages.push(RankingPage { first, count, topics, block });
        }
        Ok(())
    }

    pub(crate) fn finish(mut self, sink: &mut BlockSink<'_>) -> Result<Vec<RankingPage>, Error> {
        self.cut(sink)?;
        Ok(self.pages)
    }
}

/// A topic of a ranking that is merged.
#[derive(Debug)]
pub(crate) struct Ranked {
    term: Vec<u8>,
    facts: Vec<u8>,
    count: u64,
    documents: u64,
}

impl Ranked {
    pub(crate) fn topic(&self) -> RankedTopic<'_> {
        let Self { term, facts, count, documents } = self;
        RankedTopic { term, count: *count, documents: *documents, facts }
    }
}

impl SortedBlock for RankingReader {
    type Entry = Ranked;

    fn open(block: &[u8]) -> Result<Self, FormatError> {
        Self::open(block)
    }

    fn next(&mut self) -> Result<Option<Ranked>, FormatError> {
        let owned = |RankedTopic { term, count, documents, facts }: RankedTopic<'_>| Ranked {
            term: term.to_vec(),
            facts: facts.to_vec(),
            count,
            documents,
        };
        Ok(self.topic()?.map(owned))
    }

    fn order(a: &Ranked, b: &Ranked) -> Ordering {
        cmp_rank((a.count, &a.term), (b.count, &b.term))
    }
}
