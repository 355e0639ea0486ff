//! Ranking the topics of a partition, and merging rankings. Owns the external sort; the order is
//! `trends::cmp_rank`.

use std::collections::{BTreeMap, BinaryHeap};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;

use store::StoreError;
use trends::format::{FormatError, RankedTopic, RankingReader, RankingWriter};
use trends::result::RankingPage;
use trends::{Kind, RowRef, cmp_rank};

use crate::Error;
use crate::blocks::{BlockSink, unencodable};

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
    runs: Vec<File>,
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
                let runs = topics.runs.into_iter();
                let runs = runs.map(|file| RankCursor::new(spilled(file, self.folder.clone())));
                merge_ranked(runs.collect(), |topic| pages.add(topic, sink))?;
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

    /// Writes what is in memory as a sorted run of length-prefixed pages.
    fn spill(&mut self, kind: Kind, folder: &std::path::Path) -> Result<(), Error> {
        let failed = |source| Error::Spill { path: folder.to_owned(), source };
        self.sort();
        let file = tempfile::tempfile_in(folder).map_err(failed)?;
        let mut out = BufWriter::new(file);
        let mut writer = RankingWriter::new(kind);
        for (number, entry) in self.entries.iter().enumerate() {
            writer.push(self.topic(entry));
            if writer.raw_len() >= PAGE || number + 1 == self.entries.len() {
                let page = writer.finish().map_err(unencodable)?;
                let length = (page.len() as u32).to_le_bytes();
                out.write_all(&length).and_then(|()| out.write_all(&page)).map_err(failed)?;
            }
        }
        let mut file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.rewind().map_err(failed)?;
        self.runs.push(file);
        self.entries.clear();
        self.terms.clear();
        Ok(())
    }
}

/// The pages of a spilled run.
fn spilled(file: File, folder: PathBuf) -> impl FnMut() -> Result<Option<RankingReader>, Error> {
    let mut reader = BufReader::new(file);
    move || {
        let failed = |source| Error::Spill { path: folder.clone(), source };
        let mut length = [0; 4];
        match reader.read_exact(&mut length) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read.map_err(failed)?,
        }
        let mut page = vec![0; u32::from_le_bytes(length) as usize];
        reader.read_exact(&mut page).map_err(failed)?;
        let opened = RankingReader::open(&page);
        opened.map(Some).map_err(|error| failed(std::io::Error::other(error)))
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

/// A ranking that is read page by page.
pub(crate) struct RankCursor<'a> {
    next_page: Box<dyn FnMut() -> Result<Option<RankingReader>, Error> + 'a>,
    page: Option<RankingReader>,
}

impl<'a> RankCursor<'a> {
    pub(crate) fn new(
        next_page: impl FnMut() -> Result<Option<RankingReader>, Error> + 'a,
    ) -> Self {
        Self { next_page: Box::new(next_page), page: None }
    }

    fn next(&mut self, from: usize) -> Result<Option<Head>, Error> {
        loop {
            if let Some(page) = &mut self.page
                && let Some(topic) = page.topic().map_err(|error| inconsistent(&error))?
            {
                let RankedTopic { term, count, documents, facts } = topic;
                let (term, facts) = (term.to_vec(), facts.to_vec());
                return Ok(Some(Head { term, facts, count, documents, from }));
            }
            let Some(page) = (self.next_page)()? else { return Ok(None) };
            self.page = Some(page);
        }
    }
}

/// A page whose checksum fits and whose content does not.
fn inconsistent(error: &FormatError) -> StoreError {
    StoreError::undecodable("a page of a partition's ranking".to_owned(), error)
}

/// The topic a cursor stands on; the greatest of a heap ranks first.
struct Head {
    term: Vec<u8>,
    facts: Vec<u8>,
    count: u64,
    documents: u64,
    from: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        cmp_rank((other.count, &other.term), (self.count, &self.term))
            .then_with(|| other.from.cmp(&self.from))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

/// Merges rankings of different terms into one.
pub(crate) fn merge_ranked(
    mut cursors: Vec<RankCursor<'_>>,
    mut emit: impl FnMut(RankedTopic<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut heap = BinaryHeap::new();
    for (from, cursor) in cursors.iter_mut().enumerate() {
        heap.extend(cursor.next(from)?);
    }
    while let Some(Head { term, facts, count, documents, from }) = heap.pop() {
        emit(RankedTopic { term: &term, count, documents, facts: &facts })?;
        if let Some(cursor) = cursors.get_mut(from) {
            heap.extend(cursor.next(from)?);
        }
    }
    Ok(())
}
