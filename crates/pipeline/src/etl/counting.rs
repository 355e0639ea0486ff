//! Counts the terms of records by the plan's analysis. Owns the choice of the counter and
//! tokeniser, and the totals of each window; knows nothing of lines and files.

use std::collections::HashSet;

use trends::count::{RecordOrigin, RowCounter, SortedRows, TermCounter};
use trends::record::Record;
use trends::seed::tokens;
use trends::social::{Entities, PairWord, PlainWord, Post, TermSink, Tokenizer};
use trends::time::event_time;
use trends::{Kind, Partitions, pair};

use super::report::EtlReport;
use super::window_totals::{SharedWindows, ThreadWindows};
use crate::plan::{Analysis, Plan, Profile};
use crate::{Context, Error};

/// The bytes of a text that can't add enough to a counter to matter.
const SHORT: usize = 4 << 10;

/// The most bytes that a byte of text adds to a counter: a word of three letters and a space, new
/// and in a form of its own, while the index grows and is drained.
const BYTES_PER_BYTE: usize = 48;

/// The bytes that a byte of text may add to full tables if phrases are counted: each word may add
/// four rows.
const BYTES_WITH_PHRASES: usize = 192;

/// Counts the terms of records.
pub(super) enum Counting<'a> {
    /// Words of the profile `Seed` over all time: the fastest way, without totals.
    Words(Box<TermCounter>),
    /// Rows of any kind, by window.
    Rows(Box<Rows<'a>>),
}

/// Terms of a profile, counted by window.
pub(super) struct Rows<'a> {
    counter: RowCounter,
    analysis: Analysis,
    social: Option<Social>,
    totals: ThreadWindows<'a>,
    /// The part of the memory limit that the totals of windows may take from the counter.
    most_totals: usize,
    /// Records of excluded authors: read, but counted for no term.
    excluded: u64,
    pairs: Pairs,
    threads: usize,
}

/// The settings that only the profile `Social` has.
struct Social {
    tokenizer: Tokenizer,
    exclude_authors: HashSet<String>,
    exclude_terms: HashSet<String>,
}

impl<'a> Counting<'a> {
    /// A counter for a plan, which is full above the share of one thread in the memory limit.
    pub(super) fn new(
        context: &Context,
        plan: &Plan,
        windows: &'a SharedWindows,
    ) -> Result<Self, Error> {
        let memory = context.limits.memory / context.limits.threads.max(1);
        let (seed, analysis) = (context.limits.hash_seed, &plan.analysis);
        let social = match analysis.profile {
            Profile::Seed if analysis.window.is_none() => {
                return Ok(Self::Words(Box::new(TermCounter::new(seed, memory))));
            }
            Profile::Seed => None,
            Profile::Social => Some(Social {
                tokenizer: Tokenizer::new(&analysis.settings()?),
                exclude_authors: analysis.exclude_authors.iter().cloned().collect(),
                exclude_terms: analysis.exclude_terms.iter().cloned().collect(),
            }),
        };
        Ok(Self::Rows(Box::new(Rows {
            counter: RowCounter::new(seed, memory),
            analysis: analysis.clone(),
            social,
            totals: ThreadWindows::new(windows),
            most_totals: memory / 2,
            threads: context.limits.threads.max(1),
            excluded: 0,
            pairs: Pairs::default(),
        })))
    }

    /// Returns true if the counter must be drained before the next record.
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Words(counter) => counter.is_full(),
            Self::Rows(rows) => rows.counter.is_full(rows.totals_share()),
        }
    }

    /// Returns the bytes by which a record may exceed the limit; 0 for a record that can't add
    /// much.
    #[inline]
    pub(super) fn excess(&self, record: &Record<'_>) -> usize {
        let read = record.text.len() + record.entities.map_or(0, <[u8]>::len);
        if read <= SHORT { 0 } else { self.excess_of(read) }
    }

    #[cold]
    fn excess_of(&self, read: usize) -> usize {
        match self {
            Self::Words(counter) => counter.excess(read * BYTES_PER_BYTE),
            Self::Rows(rows) => {
                let has_phrases = rows.analysis.kinds.contains(&Kind::Phrase);
                let added = read * if has_phrases { BYTES_WITH_PHRASES } else { BYTES_PER_BYTE };
                rows.counter.excess(rows.totals_share() + added).min(added)
            }
        }
    }

    /// Takes the counted rows out, one sorted run per partition.
    pub(super) fn drain(&mut self, partitions: Partitions) -> Vec<SortedRows> {
        match self {
            Self::Words(counter) => counter.drain(partitions),
            Self::Rows(rows) => rows.counter.drain(partitions),
        }
    }

    /// Shares the totals of windows with the other threads, and returns a report of all other
    /// counters.
    ///
    /// # Errors
    /// `Input` if the records of the shard fall into more windows than a run may have.
    pub(super) fn into_report(self) -> Result<EtlReport, Error> {
        Ok(match self {
            Self::Words(counter) => {
                EtlReport { long_terms: counter.long_terms(), ..EtlReport::default() }
            }
            Self::Rows(mut rows) => {
                rows.totals.share(&rows.analysis)?;
                EtlReport {
                    long_terms: rows.counter.long_terms(),
                    excluded: rows.excluded,
                    pairs: rows.pairs.counted,
                    ..EtlReport::default()
                }
            }
        })
    }

    /// Counts the terms of a record, which begins at `offset` of an object.
    ///
    /// # Errors
    /// `Input` if records fall into more than a million windows.
    #[inline]
    pub(super) fn record(
        &mut self,
        record: &Record<'_>,
        object: u32,
        offset: u64,
    ) -> Result<(), Error> {
        match self {
            Self::Words(counter) => {
                counter.begin_record();
                tokens(record.text, &mut **counter);
                Ok(())
            }
            Self::Rows(rows) => rows.record(record, object, offset),
        }
    }
}

impl Rows<'_> {
    /// The share of one thread in the memory of the windows' totals, in bytes.
    fn totals_share(&self) -> usize {
        (self.totals.shared_bytes() / self.threads).min(self.most_totals)
    }

    fn record(&mut self, record: &Record<'_>, object: u32, offset: u64) -> Result<(), Error> {
        let Self { counter, analysis, social, totals, excluded, pairs, .. } = self;
        let time = record.time.filter(|_| analysis.window.is_some()).and_then(event_time);
        let bucket = analysis.bucket(time);
        let author = record.author.filter(|author| !author.is_empty());
        let is_excluded = |social: &Social| {
            let author = author.filter(|_| !social.exclude_authors.is_empty());
            let author = author.and_then(|author| std::str::from_utf8(author).ok());
            author.is_some_and(|author| social.exclude_authors.contains(author))
        };
        if social.as_ref().is_some_and(is_excluded) {
            *excluded += 1;
            return Ok(());
        }
        totals.add(analysis, bucket.0, author.is_some())?;
        let Some(social) = social else {
            counter.begin_record(&RecordOrigin::of_bucket(bucket));
            tokens(record.text, counter);
            return Ok(());
        };
        let id = record.id.and_then(|id| std::str::from_utf8(id).ok());
        counter.begin_record(&RecordOrigin::new(bucket, author, id, (object, offset)));
        // A line is UTF-8, and so is the text of an escape.
        let text = simdutf8::basic::from_utf8(record.text).unwrap_or_default();
        let language = record.language.and_then(|language| std::str::from_utf8(language).ok());
        let kinds = social.tokenizer.kinds();
        let entities = record.entities.and_then(|json| Entities::parse(json, kinds));
        let post = Post { text, language, entities: entities.as_ref() };
        let mut sink = Terms { counter, pairs, exclude: &social.exclude_terms };
        social.tokenizer.post(&post, &mut sink);
        Ok(())
    }
}

/// Counts the terms that the tokeniser emits.
struct Terms<'a> {
    counter: &'a mut RowCounter,
    pairs: &'a mut Pairs,
    exclude: &'a HashSet<String>,
}

/// The number of pairs so far, and buffers to write the next pair.
#[derive(Default)]
struct Pairs {
    /// Number of all pairs, including those with stop words and excluded words.
    counted: u64,
    term: String,
    form: String,
}

impl Terms<'_> {
    fn is_excluded(&self, key: &str) -> bool {
        !self.exclude.is_empty() && self.exclude.contains(key)
    }
}

impl TermSink for Terms<'_> {
    fn term(&mut self, kind: Kind, key: &str, form: &str) {
        if !self.is_excluded(key) {
            self.counter.add(kind, key.as_bytes(), Some(form));
        }
    }

    fn plain_word(&mut self, word: PlainWord<'_>) {
        let PlainWord { key, written, form } = word;
        let bytes = key.to_le_bytes();
        let text = || bytes.get(..form.len()).and_then(|text| std::str::from_utf8(text).ok());
        if self.exclude.is_empty() || !text().is_some_and(|key| self.exclude.contains(key)) {
            self.counter.add_packed(Kind::Word, key, written, form.len());
        }
    }

    /// Counts two words that may be a phrase, and their margins: each word with any other beside
    /// it. A phrase neither begins nor ends with a stop word or an excluded word, so those words
    /// need no margins.
    fn pair(&mut self, left: PairWord<'_>, right: PairWord<'_>) {
        let may_be_part = |word: PairWord<'_>| !word.stop && !self.is_excluded(word.key);
        let [is_left, is_right] = [left, right].map(may_be_part);
        let Self { counter, pairs: Pairs { counted, term, form }, exclude } = self;
        *counted += 1;
        if is_left {
            pair::write(left.key, "", term);
            counter.add_plain(Kind::Phrase, term.as_bytes());
        }
        if is_right {
            pair::write("", right.key, term);
            counter.add_plain(Kind::Phrase, term.as_bytes());
        }
        if is_left && is_right {
            pair::write(left.key, right.key, term);
            if exclude.is_empty() || !exclude.contains(term.as_str()) {
                pair::write(left.form, right.form, form);
                counter.add(Kind::Phrase, term.as_bytes(), Some(form));
            }
        }
    }
}
