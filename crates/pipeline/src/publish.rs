//! The publish stage: puts the partitions' rankings together and inserts the source's next
//! generation. Owns what a reader finds; whether it is the newest is decided by the generation log.

use std::collections::{BTreeMap, BTreeSet};

use sha2::Digest as _;
use store::document::read_block;
use store::generations::{self, Generation, Outcome};
use store::marker::Marker;
use store::{Stage, StoreError};
use trends::digest::{SlotDigest, hex, result_digest, unhex};
use trends::format::{RankingReader, ScoredReader};
use trends::result::{PartitionIndex, RankingPage, ResultIndex, ScoredBlock};
use trends::{Kind, RecordCounts};

use crate::aggregate::{AggregateReport, Page, RankCursor, merge_ranked};
use crate::blocks::BlockSink;
use crate::etl::{Shard, window_totals};
use crate::plan::Plan;
use crate::score::{self, Basis, SectionBlocks, Sections, merge_sections};
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
    let insert = generations::publish(
        store,
        &plan.source,
        &context.run,
        plan.start,
        published_at,
        incomplete,
    );
    match context.wait(insert)? {
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
    let without = plan.without(shards);
    if let Some(other) = partitions.iter().position(|partition| partition.report.without != without)
    {
        return Err(Error::Input(format!(
            "partition {other} was aggregated without the shards {:?}, this attempt was started without {without:?}",
            partitions[other].report.without
        )));
    }
    let mut sink = BlockSink::new(context, context.home(Stage::Publish, 0));
    let mut rankings = BTreeMap::new();
    let kinds: BTreeSet<Kind> =
        partitions.iter().flat_map(|partition| partition.report.rankings.keys().copied()).collect();
    for kind in kinds {
        rankings.insert(kind, rank(context, kind, partitions, &mut sink)?);
    }
    let totals = window_totals(shards);
    let basis = Basis::of(plan, &totals, partitions)?;
    let (scored, score_digest) = match &basis {
        Some(basis) => scored(context, plan, basis, partitions, &mut sink)?,
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
        totals,
        pooled: basis.iter().flat_map(Basis::pooled_digits).collect(),
        scores: plan.analysis.scores.clone(),
        gates: basis.as_ref().map(|_| plan.analysis.result_gates()),
        scored,
        score_digest,
        excluded: shards.iter().map(|shard| shard.marker.report.excluded).sum(),
        partitions: partitions
            .iter()
            .map(|partition| PartitionIndex {
                attempt: partition.attempt.to_string(),
                terms: partition.report.terms.clone(),
                series: partition.report.series.clone(),
            })
            .collect(),
        rankings,
    })
}

/// Scores every partition that nobody scored yet, where scores are asked for.
pub(crate) fn score_all(
    context: &Context,
    plan: &Plan,
    shards: &[Shard],
    partitions: &[Marker<AggregateReport>],
) -> Result<(), Error> {
    match Basis::of(plan, &window_totals(shards), partitions)? {
        Some(basis) => score::all(context, plan, &basis, partitions).map(drop),
        None => Ok(()),
    }
}

/// Puts the sections of all partitions together, with the digest of all scores.
fn scored(
    context: &Context,
    plan: &Plan,
    basis: &Basis,
    partitions: &[Marker<AggregateReport>],
    sink: &mut BlockSink<'_>,
) -> Result<(Vec<ScoredBlock>, String), Error> {
    let markers = score::all(context, plan, basis, partitions)?;
    let cursors = (0..).zip(&markers).map(|(partition, marker)| {
        let home = marker.home(&context.run, Stage::Score, partition);
        let mut blocks = marker.report.scored.iter();
        Sections::new(move || {
            let Some(scored) = blocks.next() else { return Ok(None) };
            let block = context.wait(read_block(&*context.store, &home, &scored.block))?;
            let key = || home.block(&scored.block.name).to_string();
            let block = ScoredReader::open(&block);
            Ok(Some(block.map_err(|error| StoreError::undecodable(key(), &error))?))
        })
    });
    let mut blocks = SectionBlocks::default();
    merge_sections(cursors.collect(), basis.latest(), |key, topic| blocks.add(key, topic, sink))?;
    let slots = markers.iter().flat_map(|marker| &marker.report.slots);
    let mut hasher = sha2::Sha256::default();
    slots.filter_map(|digits| unhex(digits)).for_each(|slot| hasher.update(slot));
    Ok((blocks.finish(sink)?, hex(&hasher.finalize())))
}

fn rank(
    context: &Context,
    kind: Kind,
    partitions: &[Marker<AggregateReport>],
    sink: &mut BlockSink<'_>,
) -> Result<Vec<RankingPage>, Error> {
    let cursors = (0..).zip(partitions).map(|(partition, marker)| {
        let home = marker.home(&context.run, Stage::Aggregate, partition);
        let pages = marker.report.rankings.get(&kind).map_or(&[][..], Vec::as_slice);
        let mut pages = pages.iter();
        RankCursor::new(move || {
            let Some(page) = pages.next() else { return Ok(None) };
            let block = context.wait(read_block(&*context.store, &home, &page.block))?;
            let key = || home.block(&page.block.name).to_string();
            let page = RankingReader::open(&block);
            Ok(Some(page.map_err(|error| StoreError::undecodable(key(), &error))?))
        })
    });
    let mut pages = Page::new(kind, kind.name().to_owned());
    merge_ranked(cursors.collect(), |topic| pages.add(topic, sink))?;
    pages.finish(sink)
}
