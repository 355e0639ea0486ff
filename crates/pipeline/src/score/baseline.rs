//! The published result that terms are compared with. Owns the lookup of its terms in the order of
//! the run's terms; the statistic is `trends::scores::keyness`.

use std::cmp::Ordering;
use std::ops::Range;

use store::document::AttemptKey;
use store::{AttemptId, Key, RunId, Stage, StoreError};
use trends::merge::{Cursor, Heap};
use trends::result::ResultContents;
use trends::scores::{Keyness, KeynessCounts};
use trends::{Kind, Partitions, RowRef};

use super::series::TermSeries;
use crate::passes::few;
use crate::plan::{PinnedBaseline, result_contents};
use crate::sorted::{Blocks, RowCursor};
use crate::{Context, Error};

/// The baseline of a run.
#[derive(Debug)]
pub(crate) struct Baseline {
    run: RunId,
    contents: ResultContents,
    partitions: Partitions,
    /// Records of the run that is scored.
    own: u64,
    /// Records of the baseline.
    documents: u64,
}

impl Baseline {
    /// Opens the baseline that the plan names, for a run of `own` records.
    pub(crate) fn open(
        context: &Context,
        pinned: &PinnedBaseline,
        own: u64,
    ) -> Result<Self, Error> {
        let removed = || {
            Error::Input(format!(
                "the baseline, generation {} of {}, was removed while this run was under way: raise retention.runs of that source, or run again",
                pinned.generation.unwrap_or_default(),
                pinned.source
            ))
        };
        let run =
            pinned.run.as_deref().and_then(|run| RunId::new(run).ok()).ok_or_else(|| {
                Error::damaged(Key::plan(&context.run), "its baseline names no run")
            })?;
        let contents = result_contents(context, &run)?.ok_or_else(removed)?;
        let count = u32::try_from(contents.partitions.len()).ok().and_then(Partitions::new);
        let partitions = count.ok_or_else(|| {
            let what = format!("it has {} partitions", contents.partitions.len());
            Error::damaged(Key::marker(&run, Stage::Publish, 0), what)
        })?;
        let documents = contents.records.counted.saturating_sub(contents.excluded);
        Ok(Self { run, contents, partitions, own, documents })
    }

    /// Returns a lookup of the baseline's terms in these slots. Terms must be looked up in their
    /// order, phrases last.
    pub(super) fn lookup<'a>(&'a self, context: &'a Context, slots: Range<u16>) -> Lookup<'a> {
        Lookup { baseline: self, context, slots, open: None }
    }
}

/// Reads the terms of a baseline in order.
pub(super) struct Lookup<'a> {
    baseline: &'a Baseline,
    context: &'a Context,
    /// The slots of all terms that are looked up.
    slots: Range<u16>,
    /// The terms of all partitions with these slots; true for their phrases, which have blocks of
    /// their own.
    open: Option<(bool, Heap<RowCursor<'a>>)>,
}

impl<'a> Lookup<'a> {
    /// Compares a term with the baseline. Returns `None` unless the term is significantly more
    /// frequent in this run.
    pub(super) fn compare(
        &mut self,
        term: &TermSeries,
    ) -> Result<Option<(KeynessCounts, Keyness)>, Error> {
        let compared = KeynessCounts {
            documents: term.documents,
            records: self.baseline.own,
            baseline_documents: self.documents(term.kind, term.term.as_bytes())?,
            baseline_records: self.baseline.documents,
        };
        let found = compared.keyness();
        let found = found.filter(|keyness| keyness.g2 > 0.0 && keyness.is_significant());
        Ok(found.map(|keyness| (compared, keyness)))
    }

    /// Number of records of the baseline that have a term.
    fn documents(&mut self, kind: Kind, term: &[u8]) -> Result<u64, Error> {
        let is_phrase = kind == Kind::Phrase;
        if self.open.as_ref().is_none_or(|(phrases, _)| *phrases != is_phrase) {
            // The words are closed before the phrases are opened.
            self.open = None;
            self.open = Some((is_phrase, Heap::new(self.cursors(is_phrase)?)));
        }
        let Some((_, rows)) = &mut self.open else { return Ok(0) };
        while let Some(RowRef { kind: at_kind, term: at_term, documents, .. }) =
            rows.least().and_then(Cursor::row)
        {
            match (at_kind, at_term).cmp(&(kind, term)) {
                Ordering::Less => rows.step(Cursor::advance)?,
                Ordering::Equal => return Ok(documents),
                Ordering::Greater => return Ok(0),
            };
        }
        Ok(0)
    }

    /// Opens the terms of all partitions of the baseline that have any of the slots. A run with few
    /// partitions may be compared with a baseline of a thousand.
    fn cursors(&self, is_phrase: bool) -> Result<Vec<RowCursor<'a>>, Error> {
        let partitions = self.baseline.partitions;
        let last = self.slots.end.saturating_sub(1);
        let indexes = partitions.of(self.slots.start)..=partitions.of(last);
        let runs = indexes.filter_map(|partition| self.rows(partition, is_phrase).transpose());
        let runs = runs.collect::<Result<Vec<_>, Error>>()?;
        let runs = few(self.context, self.context.limits.memory / 4, runs)?;
        runs.into_iter().map(RowCursor::new).collect()
    }

    /// The blocks of one partition, `None` if it has none.
    fn rows(&self, partition: u16, is_phrase: bool) -> Result<Option<Blocks<'a>>, Error> {
        let baseline = self.baseline;
        let key = |stage, attempt: &str| {
            let (run, index) = (baseline.run.clone(), u32::from(partition));
            Ok::<_, StoreError>(AttemptKey { run, stage, index, attempt: AttemptId::new(attempt)? })
        };
        let Some(entry) = baseline.contents.partitions.get(usize::from(partition)) else {
            return Ok(None);
        };
        let (attempt, terms) = match &entry.phrases {
            Some(phrases) if is_phrase => (key(Stage::Score, &phrases.attempt)?, &phrases.terms),
            None if is_phrase => return Ok(None),
            _ => (key(Stage::Aggregate, &entry.attempt)?, &entry.terms),
        };
        let blocks = terms.iter().map(|term| &term.block);
        Ok(Some(Blocks::stored(self.context, attempt, blocks)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Spec;
    use crate::local;
    use crate::plan::{Analysis, Profile};
    use crate::testing::{Fixture, post};

    /// The partitions of the baseline.
    const PARTITIONS: u32 = 100;

    fn word(number: usize) -> String {
        let letter = |number: usize| char::from(b'a' + (number % 26) as u8);
        format!("word{}{}", letter(number / 26), letter(number))
    }

    /// A baseline of 400 words and as many phrases, with terms in each partition.
    fn baseline(fixture: &Fixture) -> Baseline {
        let posts = (0..400).map(|number| post(&format!("{} {}", word(number), word(number + 1))));
        fixture.file("in", posts.collect::<String>().repeat(5));
        let analysis = Analysis {
            profile: Profile::Social,
            kinds: vec![Kind::Word, Kind::Phrase],
            ..Analysis::default()
        };
        let partitions = Partitions::new(PARTITIONS).unwrap();
        let spec = Spec { partitions, analysis, ..fixture.spec() };
        let context = fixture.context("base", "attempt");
        let now = || "2026-01-01T00:00:00Z".to_owned();
        local::run(&context, Some(&spec), |_, _| Ok(()), now).unwrap();
        let pinned = PinnedBaseline {
            source: "sample".to_owned(),
            generation: Some(1),
            run: Some("base".to_owned()),
        };
        Baseline::open(&context, &pinned, 1).unwrap()
    }

    #[test]
    fn a_baseline_of_many_partitions_has_few_blocks_open_in_little_memory() {
        let fixture = Fixture::new();
        let baseline = baseline(&fixture);
        let open = |memory| {
            let context = fixture.limited("later", 1, memory);
            let lookup = baseline.lookup(&context, 0..1_024);
            [false, true].map(|is_phrase| lookup.cursors(is_phrase).unwrap().len())
        };
        assert_eq!(open(1 << 30), [PARTITIONS as usize; 2]);
        let few = open(1);
        assert!(few.iter().all(|open| (1..=16).contains(open)), "{few:?}");
        let context = fixture.limited("later", 1, 1);
        let mut lookup = baseline.lookup(&context, 0..1_024);
        let mut documents = |kind, term: &str| lookup.documents(kind, term.as_bytes()).unwrap();
        for number in 0..=400 {
            let expected = if [0, 400].contains(&number) { 5 } else { 10 };
            assert_eq!(documents(Kind::Word, &word(number)), expected, "{}", word(number));
        }
        for number in 0..400 {
            let phrase = format!("{} {}", word(number), word(number + 1));
            assert_eq!(documents(Kind::Phrase, &phrase), 5, "{phrase}");
        }
    }
}
