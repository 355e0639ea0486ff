//! The publish stage: merges the partitions' rankings and inserts the source's next generation.
//! Owns the contents that readers start from; the generation log decides which result is the
//! newest.

mod stand_ins;

use std::collections::{BTreeMap, BTreeSet};

use sha2::Digest as _;
use store::Stage;
use store::generations::{self, Generation, Publication, PublicationStatus};
use store::marker::Marker;
use trends::digest::{SlotDigest, hex, result_digest, unhex};
use trends::format::{RankedTopic, RankingReader};
use trends::result::{PartitionContents, PhraseContents, RankingPage, ResultContents, ScoredBlock};
use trends::{Kind, RecordCounts};

use stand_ins::PhraseStandIns;

use crate::aggregate::{AggregateReport, RankingPages, check_records};
use crate::attempt::Attempt;
use crate::blocks::BlockSink;
use crate::etl::{CountedShards, missing};
use crate::plan::{PinnedBaseline, Plan};
use crate::score::{self, Basis, ScoreReport, SectionBlocks, merge_sections};
use crate::sorted::{Blocks, merge};
use crate::supersede::unless_superseded;
use crate::{Context, Error, markers};

/// Publishes a run: stores its contents, unless an earlier attempt has, and inserts the next
/// generation. `published_at` is the time as RFC 3339 text.
///
/// # Errors
/// `TooManyMalformed` as [`check_records`]; `Superseded` if a later run of the source has been
/// published.
pub fn publish(
    context: &Context,
    plan: &Plan,
    shards: &CountedShards,
    partitions: &[Marker<AggregateReport>],
    published_at: &str,
) -> Result<(Generation, ResultContents), Error> {
    let store = &*context.store;
    let records = check_records(&context.run, plan, shards)?;
    let found = markers::finished(context, plan, Stage::Publish, 0_u32)?;
    let contents: Marker<ResultContents> = if let Some(found) = found {
        found
    } else {
        let attempt = Attempt::new(context, plan, Stage::Publish, 0_u32);
        let contents =
            unless_superseded(context, plan, || contents(&attempt, records, shards, partitions))?;
        attempt.mark(contents)?
    };
    context.cancel.check()?;
    let incomplete = contents.report.incomplete;
    let publication = Publication {
        source: &plan.source,
        run: &context.run,
        start: plan.start,
        published_at,
        incomplete,
    };
    match context.wait(generations::publish(store, &publication))? {
        PublicationStatus::Published(generation) => Ok((generation, contents.report)),
        PublicationStatus::Superseded(newest) => Err(Error::Superseded {
            source_name: plan.source.to_string(),
            generation: newest.generation,
        }),
    }
}

/// Stores the merged rankings and returns the contents of the result.
fn contents(
    attempt: &Attempt<'_>,
    records: RecordCounts,
    shards: &CountedShards,
    partitions: &[Marker<AggregateReport>],
) -> Result<ResultContents, Error> {
    let (context, plan) = (attempt.context, attempt.plan);
    let without = check_shards(attempt, shards, partitions)?;
    let mut sink = BlockSink::new(attempt);
    let basis = Basis::of(context, plan, shards, partitions)?;
    let markers = match &basis {
        Some(basis) => score::all(context, plan, basis, partitions)?,
        None => Vec::new(),
    };
    let mut stand_ins = PhraseStandIns::default();
    let rankings = rankings(context, partitions, &markers, &mut stand_ins, &mut sink)?;
    let (scored, score_digest) = match &basis {
        Some(basis) => scored(context, basis, &markers, &stand_ins, &mut sink)?,
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
        Error::damaged(key, format!("they hold {} slot digests", slots.len()))
    })?;
    let time = basis.as_ref().and_then(|basis| basis.time.as_ref());
    Ok(ResultContents {
        digest,
        records,
        bytes: plan.bytes(),
        long_terms: shards.iter().map(|shard| shard.marker.report.long_terms).sum(),
        cut_records: shards.iter().map(|shard| shard.marker.report.cut_records).sum(),
        incomplete: !without.is_empty(),
        profile: plan.analysis.profile,
        segmentation: plan.segmentation.clone(),
        window: plan.analysis.window,
        totals: shards.totals().clone(),
        kinds: plan.analysis.kinds.clone(),
        pairs: basis.as_ref().and_then(|basis| basis.pairs),
        series_floor: plan.analysis.series_floor,
        baseline: plan.analysis.baseline.as_ref().and_then(PinnedBaseline::named),
        pooled: time.map(|time| time.pooled.clone()).unwrap_or_default(),
        scores: plan.analysis.scores.clone(),
        gates: time.map(|time| time.bursts.gates),
        formula: time.map(|time| time.bursts.formula).unwrap_or_default(),
        reference: time.map(|time| time.bursts.reference).unwrap_or_default(),
        scored,
        score_digest,
        excluded: shards.iter().map(|shard| shard.marker.report.excluded).sum(),
        partitions: partition_indexes(partitions, &markers),
        rankings,
    })
}

/// Returns the shards that are missing from the run.
///
/// # Errors
/// `ShardsMismatch` if other shards are missing from a partition.
fn check_shards(
    attempt: &Attempt<'_>,
    shards: &CountedShards,
    partitions: &[Marker<AggregateReport>],
) -> Result<Vec<u32>, Error> {
    let expected = missing(attempt.plan, shards);
    let mut markers = partitions.iter().enumerate();
    match markers.find(|(_, marker)| marker.report.without != expected) {
        Some((partition, marker)) => {
            let (run, stored) = (attempt.key.run.to_string(), marker.report.without.clone());
            Err(Error::ShardsMismatch { run, partition, stored, expected })
        }
        None => Ok(expected),
    }
}

/// The blocks of each partition.
fn partition_indexes(
    partitions: &[Marker<AggregateReport>],
    markers: &[Marker<ScoreReport>],
) -> Vec<PartitionContents> {
    let phrases = |marker: &Marker<ScoreReport>| {
        let phrases = marker.report.phrases.as_ref()?;
        let attempt = marker.attempt.to_string();
        let (terms, series) = (phrases.terms.clone(), phrases.series.clone());
        Some(PhraseContents { attempt, terms, series })
    };
    let contents = |(at, marker): (usize, &Marker<AggregateReport>)| PartitionContents {
        attempt: marker.attempt.to_string(),
        terms: marker.report.terms.clone(),
        series: marker.report.series.clone(),
        phrases: markers.get(at).and_then(phrases),
    };
    partitions.iter().enumerate().map(contents).collect()
}

/// Merges the scored topics of all partitions. Returns their blocks and the digest of all scores.
fn scored(
    context: &Context,
    basis: &Basis,
    markers: &[Marker<ScoreReport>],
    stand_ins: &PhraseStandIns,
    sink: &mut BlockSink<'_>,
) -> Result<(Vec<ScoredBlock>, String), Error> {
    let inputs = (0..).zip(markers).map(|(partition, marker)| {
        let attempt = marker.attempt_key(&context.run, Stage::Score, partition);
        Blocks::stored(context, attempt, marker.report.scored.iter().map(|scored| &scored.block))
    });
    let mut blocks = SectionBlocks::of_sections();
    merge_sections(inputs.collect(), basis.latest(), |key, mut topic| {
        if key.0 == Kind::Word {
            topic.phrase = stand_ins.of(&topic.term).cloned();
        }
        blocks.add((key, &topic), sink)
    })?;
    let slots = markers.iter().flat_map(|marker| &marker.report.slots);
    let mut hasher = sha2::Sha256::default();
    slots.filter_map(|digits| unhex(digits)).for_each(|slot| hasher.update(slot));
    Ok((blocks.finish(sink)?, hex(&hasher.finalize())))
}

/// Merges the rankings of all partitions: phrases first, because a word that a phrase stands for
/// names that phrase.
fn rankings(
    context: &Context,
    partitions: &[Marker<AggregateReport>],
    markers: &[Marker<ScoreReport>],
    stand_ins: &mut PhraseStandIns,
    sink: &mut BlockSink<'_>,
) -> Result<BTreeMap<Kind, Vec<RankingPage>>, Error> {
    let mut rankings = BTreeMap::new();
    if markers.iter().any(|marker| marker.report.phrases.is_some()) {
        let inputs = (0..).zip(markers).map(|(partition, marker)| {
            let attempt = marker.attempt_key(&context.run, Stage::Score, partition);
            let pages = marker.report.phrases.iter().flat_map(|phrases| &phrases.ranking);
            Blocks::stored(context, attempt, pages.map(|page| &page.block))
        });
        let pages = rank(Kind::Phrase, inputs.collect(), sink, |topic| {
            stand_ins.phrase(topic);
            Ok(None)
        })?;
        rankings.insert(Kind::Phrase, pages);
    }
    let kinds: BTreeSet<Kind> =
        partitions.iter().flat_map(|partition| partition.report.rankings.keys().copied()).collect();
    for kind in kinds {
        let inputs = (0..).zip(partitions).map(|(partition, marker)| {
            let attempt = marker.attempt_key(&context.run, Stage::Aggregate, partition);
            let pages = marker.report.rankings.get(&kind).into_iter().flatten();
            Blocks::stored(context, attempt, pages.map(|page| &page.block))
        });
        let pages = rank(kind, inputs.collect(), sink, |topic| {
            if kind != Kind::Word {
                return Ok(None);
            }
            stand_ins.word(topic).map_err(|error| {
                let key = format!("the ranking of words of run {}", context.run);
                Error::damaged(key, error)
            })
        })?;
        rankings.insert(kind, pages);
    }
    Ok(rankings)
}

/// Merges rankings into one. `change` returns new facts for the listing of a topic, or `None` to
/// keep its facts.
fn rank(
    kind: Kind,
    inputs: Vec<Blocks<'_>>,
    sink: &mut BlockSink<'_>,
    mut change: impl FnMut(&RankedTopic<'_>) -> Result<Option<Vec<u8>>, Error>,
) -> Result<Vec<RankingPage>, Error> {
    let mut pages = RankingPages::of_kind(kind, kind.name().to_owned());
    merge::<RankingReader>(inputs, |ranked| {
        let topic = ranked.topic();
        match change(&topic)? {
            Some(facts) => pages.add(RankedTopic { facts: &facts, ..topic }, sink),
            None => pages.add(topic, sink),
        }
    })?;
    pages.finish(sink)
}

#[cfg(test)]
mod tests;
