//! The published result that terms are compared with. Owns how it is found when a run is planned, and how
//! its terms are read beside the run's own; the statistic is `trends::scores::keyness`.

use store::document::AttemptKey;
use store::{AttemptId, RunId, Stage, StoreError};
use trends::merge::Cursor as _;
use trends::result::ResultIndex;
use trends::scores::{Keyness, KeynessCounts};
use trends::{Kind, Partitions, RowRef, slot};

use super::series::{Blocks, TermSeries};
use crate::plan::{PinnedBaseline, result_index};
use crate::{Context, Error};

/// The baseline of a run.
#[derive(Debug)]
pub(crate) struct Baseline {
    run: RunId,
    index: ResultIndex,
    partitions: Partitions,
    /// Records of the run, and of the baseline.
    own: u64,
    documents: u64,
}

impl Baseline {
    /// The baseline that was pinned, for a run of `own` records.
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
        let run = pinned.run.as_deref().and_then(|run| RunId::new(run).ok()).ok_or_else(removed)?;
        let index = result_index(context, &run)?.ok_or_else(removed)?;
        let count = u32::try_from(index.partitions.len()).ok().and_then(Partitions::new);
        let partitions = count.ok_or_else(removed)?;
        let documents = index.records.counted.saturating_sub(index.excluded);
        Ok(Self { run, index, partitions, own, documents })
    }

    /// The terms of the baseline, to be asked for in the order of terms, phrases after all others.
    pub(super) fn lookup<'a>(&'a self, context: &'a Context) -> Lookup<'a> {
        Lookup { baseline: self, context, open: Vec::new() }
    }
}

/// Reads the terms of a baseline in order, partition by partition.
pub(super) struct Lookup<'a> {
    baseline: &'a Baseline,
    context: &'a Context,
    /// Those partitions that were asked for, phrases apart, which are in blocks of their own.
    open: Vec<(u16, bool, Option<Blocks<'a>>)>,
}

impl<'a> Lookup<'a> {
    /// How a term compares, where it stands out: it is more frequent beyond chance.
    pub(super) fn compare(
        &mut self,
        term: &TermSeries,
    ) -> Result<Option<(KeynessCounts, Keyness)>, Error> {
        let compared = KeynessCounts {
            documents: term.documents,
            all: self.baseline.own,
            baseline_documents: self.documents(term.kind, term.term.as_bytes())?,
            baseline_all: self.baseline.documents,
        };
        let found = compared.keyness();
        let found = found.filter(|keyness| keyness.g2 > 0.0 && keyness.is_significant());
        Ok(found.map(|keyness| (compared, keyness)))
    }

    /// The records of the baseline that have a term.
    fn documents(&mut self, kind: Kind, term: &[u8]) -> Result<u64, Error> {
        let partition = self.baseline.partitions.of(slot(kind, term));
        let is_phrase = kind == Kind::Phrase;
        let wanted = (partition, is_phrase);
        if !self.open.iter().any(|(open, phrases, _)| (*open, *phrases) == wanted) {
            let rows = self.rows(partition, is_phrase)?;
            self.open.push((partition, is_phrase, rows));
        }
        let open = self.open.iter_mut().find(|(open, phrases, _)| (*open, *phrases) == wanted);
        let Some((_, _, Some(rows))) = open else { return Ok(0) };
        while let Some(RowRef { kind: at_kind, term: at_term, documents, .. }) = rows.row() {
            match (at_kind, at_term).cmp(&(kind, term)) {
                std::cmp::Ordering::Less => rows.advance()?,
                std::cmp::Ordering::Equal => return Ok(documents),
                std::cmp::Ordering::Greater => return Ok(0),
            }
        }
        Ok(0)
    }

    fn rows(&self, partition: u16, is_phrase: bool) -> Result<Option<Blocks<'a>>, Error> {
        let baseline = self.baseline;
        let home = |stage, attempt: &str| {
            let (run, index) = (baseline.run.clone(), u32::from(partition));
            Ok::<_, StoreError>(AttemptKey { run, stage, index, attempt: AttemptId::new(attempt)? })
        };
        let Some(entry) = baseline.index.partitions.get(usize::from(partition)) else {
            return Ok(None);
        };
        let (home, terms) = match &entry.phrases {
            Some(phrases) if is_phrase => (home(Stage::Score, &phrases.attempt)?, &phrases.terms),
            None if is_phrase => return Ok(None),
            _ => (home(Stage::Aggregate, &entry.attempt)?, &entry.terms),
        };
        Blocks::new(self.context, home, terms).map(Some)
    }
}
