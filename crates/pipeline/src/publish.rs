//! The publish stage: puts the partitions' rankings together and inserts the source's next
//! generation. Owns what a reader finds; whether it is the newest is decided by the generation log.

use std::collections::{BTreeMap, BTreeSet};

use store::document::read_block;
use store::generations::{self, Generation, Outcome};
use store::marker::Marker;
use store::{Stage, StoreError};
use trends::digest::{SlotDigest, result_digest, unhex};
use trends::format::RankingReader;
use trends::result::{PartitionIndex, RankingPage, ResultIndex};
use trends::{Kind, RecordCounts};

use crate::aggregate::{AggregateReport, Page, RankCursor, merge_ranked};
use crate::blocks::BlockSink;
use crate::etl::Shard;
use crate::plan::Plan;
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
        partitions: partitions
            .iter()
            .map(|partition| PartitionIndex {
                attempt: partition.attempt.to_string(),
                terms: partition.report.terms.clone(),
            })
            .collect(),
        rankings,
    })
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
