//! The blocks that a marker names. Owns the list of references in the report of each stage.

use store::document::AttemptKey;
use store::marker::marker;
use store::{RunId, Stage, Store, StoreError};
use trends::result::{BlockRef, RankingPage, ResultContents, TermBlock};

use crate::aggregate::{AggregateReport, PairBlocks};
use crate::etl::EtlReport;
use crate::score::{PhraseBlocks, ScoreReport};

/// The blocks that a marker names, and the attempt that wrote them.
#[derive(Debug)]
pub(super) struct References {
    pub(super) attempt: AttemptKey,
    pub(super) blocks: Vec<BlockRef>,
}

/// Reads a marker and returns its references; `None` if there is no marker.
pub(super) async fn references(
    store: &dyn Store,
    run: &RunId,
    stage: Stage,
    index: u32,
) -> Result<Option<References>, StoreError> {
    macro_rules! read {
        ($report:ty, $blocks:expr) => {
            marker::<$report>(store, run, stage, index).await?.map(|marker| {
                let attempt = marker.attempt_key(run, stage, index);
                References { attempt, blocks: $blocks(marker.report) }
            })
        };
    }
    Ok(match stage {
        Stage::Plan => None,
        Stage::Etl => read!(EtlReport, of_shard),
        Stage::Aggregate => read!(AggregateReport, of_partition),
        Stage::Score => read!(ScoreReport, of_scores),
        Stage::Publish => read!(ResultContents, of_contents),
    })
}

fn of_shard(report: EtlReport) -> Vec<BlockRef> {
    report.partials.into_iter().chain(report.rejects).flatten().collect()
}

fn of_partition(report: AggregateReport) -> Vec<BlockRef> {
    let AggregateReport { terms, series, pairs, rankings, .. } = report;
    let pairs = pairs.into_iter().flat_map(|PairBlocks { terms, series, margins }| {
        terms.into_iter().chain(series).chain(margins)
    });
    let rows = terms.into_iter().chain(series).chain(pairs).map(|TermBlock { block, .. }| block);
    rows.chain(pages(rankings.into_values().flatten())).collect()
}

fn of_scores(report: ScoreReport) -> Vec<BlockRef> {
    let scored = report.scored.into_iter().map(|scored| scored.block);
    let phrases = report.phrases.into_iter().flat_map(|phrases| {
        let PhraseBlocks { terms, series, ranking } = phrases;
        let rows = terms.into_iter().chain(series).map(|TermBlock { block, .. }| block);
        rows.chain(pages(ranking.into_iter()))
    });
    scored.chain(phrases).collect()
}

/// The blocks of rows of a result belong to the markers of its partitions.
fn of_contents(contents: ResultContents) -> Vec<BlockRef> {
    let scored = contents.scored.into_iter().map(|scored| scored.block);
    scored.chain(pages(contents.rankings.into_values().flatten())).collect()
}

fn pages(pages: impl Iterator<Item = RankingPage>) -> impl Iterator<Item = BlockRef> {
    pages.map(|page| page.block)
}
