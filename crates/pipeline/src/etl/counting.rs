//! Counts the terms of records by the plan's analysis. Owns the choice of the counter and
//! tokeniser, and the totals of each window; knows nothing of lines and files.

use std::collections::HashSet;

use trends::count::{RecordOrigin, RowCounter, SortedRows, TermCounter};
use trends::record::Record;
use trends::seed::tokens;
use trends::social::{Entities, PairWord, PlainWord, Post, TermSink, Tokenizer};
use trends::time::event_time;
use trends::window::WindowTotals;
use trends::{Kind, Partitions, pair};

use super::report::EtlReport;
use crate::plan::{Analysis, Plan, Profile};
use crate::{Context, Error};

/// Counts the terms of records.
pub(super) enum Counting {
    /// Words of the profile `Seed` over all time: the fastest way, without totals.
    Words(Box<TermCounter>),
    /// Rows of any kind, by window.
    Rows(Box<Rows>),
}

/// Terms of a profile, counted by window.
pub(super) struct Rows {
    counter: RowCounter,
    analysis: Analysis,
    social: Option<Social>,
    totals: WindowTotals,
    /// Records of excluded authors: read, but counted for no term.
    excluded: u64,
    pairs: Pairs,
}

/// The settings that only the profile `Social` has.
struct Social {
    tokenizer: Tokenizer,
    exclude_authors: HashSet<String>,
    exclude_terms: HashSet<String>,
}

impl Counting {
    /// A counter for a plan, which is full above `memory` bytes.
    pub(super) fn new(context: &Context, plan: &Plan, memory: usize) -> Result<Self, Error> {
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
            totals: WindowTotals::default(),
            excluded: 0,
            pairs: Pairs::default(),
        })))
    }

    /// Returns true if the counter must be drained before the next record.
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Words(counter) => counter.is_full(),
            Self::Rows(rows) => rows.counter.is_full(),
        }
    }

    /// Takes the counted rows out, one sorted run per partition.
    pub(super) fn drain(&mut self, partitions: Partitions) -> Vec<SortedRows> {
        match self {
            Self::Words(counter) => counter.drain(partitions),
            Self::Rows(rows) => rows.counter.drain(partitions),
        }
    }

    /// A report of the counters of terms and windows. Words over all time have no window totals.
    pub(super) fn into_report(self) -> EtlReport {
        match self {
            Self::Words(counter) => {
                EtlReport { long_terms: counter.long_terms(), ..EtlReport::default() }
            }
            Self::Rows(rows) => EtlReport {
                long_terms: rows.counter.long_terms(),
                excluded: rows.excluded,
                pairs: rows.pairs.counted,
                totals: rows.totals,
                ..EtlReport::default()
            },
        }
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

impl Rows {
    fn record(&mut self, record: &Record<'_>, object: u32, offset: u64) -> Result<(), Error> {
        let Self { counter, analysis, social, totals, excluded, pairs } = self;
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
        let total = totals.0.entry(bucket.0).or_default();
        total.documents += 1;
        total.with_author += u64::from(author.is_some());
        analysis.check_windows(totals)?;
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
