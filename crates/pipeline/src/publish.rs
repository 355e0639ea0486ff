//! The publish stage: puts the partitions' rankings together and inserts the source's next
//! generation. Owns what a reader finds; whether it is the newest is decided by the generation log.

mod folds;

use std::collections::{BTreeMap, BTreeSet};

use sha2::Digest as _;
use store::document::AttemptKey;
use store::generations::{self, Generation, Outcome, Publication};
use store::marker::Marker;
use store::{Stage, StoreError};
use trends::digest::{SlotDigest, hex, result_digest, unhex};
use trends::format::{RankedTopic, RankingReader};
use trends::result::{PartitionIndex, PhraseIndex, RankingPage, ResultIndex, ScoredBlock};
use trends::{Kind, RecordCounts};

use folds::Folds;

use crate::aggregate::{AggregateReport, Page};
use crate::blocks::BlockSink;
use crate::etl::{Shard, missing, window_totals};
use crate::plan::{PinnedBaseline, Plan};
use crate::score::{self, Basis, ScoreReport, SectionBlocks, merge_sections};
use crate::sorted::{Sorted, merge};
use crate::supersede::unless_superseded;
use crate::{Context, Error, markers};

/// Publishes a run: stores its index, unless an attempt did, then inserts the next generation.
/// `published_at` is the time as RFC 3339 text.
///
/// # Errors
/// `Superseded` if a run of the source that was started later is published already.
pub fn publish(
    context: &Context,
    plan: &Plan,
    records: RecordCounts,
    shards: &[Shard],
    partitions: &[Marker<AggregateReport>],
    published_at: &str,
) -> Result<(Generation, ResultIndex), Error> {
    let store = &*context.store;
    let found = markers::finished(context, plan, Stage::Publish, 0)?;
    let index: Marker<ResultIndex> = if let Some(found) = found {
        found
    } else {
        let home = context.home(Stage::Publish, 0);
        let index =
            unless_superseded(context, plan, || index(context, plan, records, shards, partitions))?;
        markers::marked(context, plan, &home, index)?
    };
    context.cancel.check()?;
    let incomplete = index.report.incomplete;
    let publication = Publication {
        source: &plan.source,
        run: &context.run,
        start: plan.start,
        published_at,
        incomplete,
    };
    match context.wait(generations::publish(store, &publication))? {
        Outcome::Published(generation) => Ok((generation, index.report)),
        Outcome::Superseded(newest) => Err(Error::Superseded {
            source_name: plan.source.to_string(),
            generation: newest.generation,
        }),
    }
}

fn index(
    context: &Context,
    plan: &Plan,
    records: RecordCounts,
    shards: &[Shard],
    partitions: &[Marker<AggregateReport>],
) -> Result<ResultIndex, Error> {
    let without = missing(plan, shards);
    if let Some(other) = partitions.iter().position(|partition| partition.report.without != without)
    {
        return Err(Error::Input(format!(
            "partition {other} was aggregated without the shards {:?}, this attempt was started without {without:?}",
            partitions[other].report.without
        )));
    }
    let mut sink = BlockSink::new(context, context.home(Stage::Publish, 0));
    let basis = Basis::of(context, plan, shards, partitions)?;
    let markers = match &basis {
        Some(basis) => score::all(context, plan, basis, partitions)?,
        None => Vec::new(),
    };
    let mut folds = Folds::default();
    let rankings = rankings(context, partitions, &markers, &mut folds, &mut sink)?;
    let (scored, score_digest) = match &basis {
        Some(basis) => scored(context, basis, &markers, &folds, &mut sink)?,
        None => (Vec::new(), String::new()),
    };
    sink.finish()?;
    let slots: Vec<SlotDigest> = partitions
        .iter()
        .flat_map(|partition| &partition.report.slots)
        .filter_map(|digits| unhex(digits)?.try_into().ok())
        .collect();
    let digest = result_digest(&slots, &records).ok_or_else(|| {
        let key = format!("the aggregate markers of run {}", context.run);
        StoreError::Damaged { key, what: format!("they hold {} slot digests", slots.len()) }
    })?;
    Ok(ResultIndex {
        digest,
        records,
        bytes: plan.bytes(),
        long_terms: shards.iter().map(|shard| shard.marker.report.long_terms).sum(),
        incomplete: !without.is_empty(),
        profile: plan.analysis.profile,
        window: plan.analysis.window,
        totals: window_totals(shards),
        kinds: plan.analysis.kinds.clone(),
        pairs: basis.as_ref().and_then(Basis::pairs),
        series_floor: plan.analysis.series_floor,
        baseline: plan.analysis.baseline.as_ref().and_then(PinnedBaseline::named),
        pooled: basis.as_ref().map(Basis::pooled).unwrap_or_default(),
        scores: plan.analysis.scores.clone(),
        gates: basis.as_ref().filter(|basis| basis.is_timed()).map(|_| plan.analysis.gates()),
        scored,
        score_digest,
        excluded: shards.iter().map(|shard| shard.marker.report.excluded).sum(),
        partitions: partition_indexes(partitions, &markers),
        rankings,
    })
}

/// Where the blocks of each partition are.
fn partition_indexes(
    partitions: &[Marker<AggregateReport>],
    markers: &[Marker<ScoreReport>],
) -> Vec<PartitionIndex> {
    let phrases = |marker: &Marker<ScoreReport>| {
        let phrases = marker.report.phrases.as_ref()?;
        let attempt = marker.attempt.to_string();
        let (terms, series) = (phrases.terms.clone(), phrases.series.clone());
        Some(PhraseIndex { attempt, terms, series })
    };
    let index = |(at, marker): (usize, &Marker<AggregateReport>)| PartitionIndex {
        attempt: marker.attempt.to_string(),
        terms: marker.report.terms.clone(),
        series: marker.report.series.clone(),
        phrases: markers.get(at).and_then(phrases),
    };
    partitions.iter().enumerate().map(index).collect()
}

/// Puts the sections of all partitions together, with the digest of all scores.
fn scored(
    context: &Context,
    basis: &Basis,
    markers: &[Marker<ScoreReport>],
    folds: &Folds,
    sink: &mut BlockSink<'_>,
) -> Result<(Vec<ScoredBlock>, String), Error> {
    let sequences = (0..).zip(markers).map(|(partition, marker)| {
        let home = marker.attempt_key(&context.run, Stage::Score, partition);
        Sorted::stored(context, home, marker.report.scored.iter().map(|scored| &scored.block))
    });
    let mut blocks = SectionBlocks::default();
    merge_sections(sequences.collect(), basis.latest(), |key, mut topic| {
        if key.0 == Kind::Word {
            topic.phrase = folds.of(&topic.term).cloned();
        }
        blocks.add(key, &topic, sink)
    })?;
    let slots = markers.iter().flat_map(|marker| &marker.report.slots);
    let mut hasher = sha2::Sha256::default();
    slots.filter_map(|digits| unhex(digits)).for_each(|slot| hasher.update(slot));
    Ok((blocks.finish(sink)?, hex(&hasher.finalize())))
}

/// Puts the rankings of all partitions together: of phrases first, for they stand for words.
fn rankings(
    context: &Context,
    partitions: &[Marker<AggregateReport>],
    markers: &[Marker<ScoreReport>],
    folds: &mut Folds,
    sink: &mut BlockSink<'_>,
) -> Result<BTreeMap<Kind, Vec<RankingPage>>, Error> {
    let mut rankings = BTreeMap::new();
    if markers.iter().any(|marker| marker.report.phrases.is_some()) {
        let ranked = (0..).zip(markers).map(|(partition, marker)| {
            let pages = marker.report.phrases.as_ref().map(|phrases| phrases.ranking.as_slice());
            (marker.attempt_key(&context.run, Stage::Score, partition), pages.unwrap_or_default())
        });
        let pages = rank(context, Kind::Phrase, ranked.collect(), sink, |topic| {
            folds.phrase(topic);
            Ok(None)
        })?;
        rankings.insert(Kind::Phrase, pages);
    }
    let kinds: BTreeSet<Kind> =
        partitions.iter().flat_map(|partition| partition.report.rankings.keys().copied()).collect();
    for kind in kinds {
        let ranked = (0..).zip(partitions).map(|(partition, marker)| {
            let pages = marker.report.rankings.get(&kind).map(Vec::as_slice);
            (
                marker.attempt_key(&context.run, Stage::Aggregate, partition),
                pages.unwrap_or_default(),
            )
        });
        let pages = rank(context, kind, ranked.collect(), sink, |topic| {
            if kind == Kind::Word { folds.word(topic) } else { Ok(None) }
        })?;
        rankings.insert(kind, pages);
    }
    Ok(rankings)
}

/// Merges rankings into one; `told` may say what a listing tells of a topic instead of what it told.
fn rank(
    context: &Context,
    kind: Kind,
    rankings: Vec<(AttemptKey, &[RankingPage])>,
    sink: &mut BlockSink<'_>,
    mut told: impl FnMut(&RankedTopic<'_>) -> Result<Option<Vec<u8>>, Error>,
) -> Result<Vec<RankingPage>, Error> {
    let sequences = rankings.into_iter().map(|(home, pages)| {
        Sorted::<RankingReader>::stored(context, home, pages.iter().map(|page| &page.block))
    });
    let mut pages = Page::new(kind, kind.name().to_owned());
    merge(sequences.collect(), |ranked| {
        let topic = ranked.topic();
        match told(&topic)? {
            Some(facts) => pages.add(RankedTopic { facts: &facts, ..topic }, sink),
            None => pages.add(topic, sink),
        }
    })?;
    pages.finish(sink)
}
