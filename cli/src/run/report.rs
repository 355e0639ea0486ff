//! The report of a finished run, and of a plan from `--dry-run`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pipeline::Plan;
use pipeline::input::Object;
use pipeline::local::PublishedRun;
use questions::{Ranking, TopQuestion};
use serde::Serialize;
use store::view::SliceStart;
use store::{ObjectStore, View};
use trends::record::MAX_TEXT_BYTES;
use trends::scores::Totals;
use trends::{Bucket, Kind, RecordCounts};

use crate::failure::Failure;
use crate::output::Output;
use crate::tables;

/// Number of topics in the report.
const SHOWN: usize = 10;

/// A finished run, for its report.
#[derive(Debug)]
pub(super) struct FinishedRun {
    pub(super) published: PublishedRun,
    pub(super) threads: usize,
    /// Number of sorted runs that were spilled.
    pub(super) spilled: u64,
}

/// The report of a run as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    source: &'a str,
    run: &'a str,
    generation: u64,
    digest: &'a str,
    records: &'a RecordCounts,
    bytes: u64,
    topics: u64,
    long_terms: u64,
    cut_records: u64,
    #[serde(flatten)]
    outside: OutsideCounts,
    incomplete: bool,
    objects: usize,
    shards: usize,
    chunk_size: u64,
    partitions: u32,
    threads: usize,
    spilled: u64,
    seconds: BTreeMap<&'static str, f64>,
}

/// Counted records outside all windows, or outside all windows that are scored.
#[derive(Debug, Clone, Copy, Serialize)]
struct OutsideCounts {
    /// Number of records without a time; `None` in a run without windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    undated: Option<u64>,
    /// Number of records dated so far ahead of all others that their windows are not scored; `None`
    /// without scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    ahead: Option<u64>,
}

impl OutsideCounts {
    fn of(view: &View) -> Self {
        let contents = view.contents();
        let undated = || contents.totals.get(Bucket::WHOLE.0).map_or(0, |total| total.documents);
        let ahead = |windows: &Totals| u64::try_from(windows.ahead()).unwrap_or(u64::MAX);
        Self {
            undated: contents.window.map(|_| undated()),
            ahead: contents.gates.and_then(|_| view.windows()).map(ahead),
        }
    }
}

/// Prints the result of a run.
pub(super) async fn result(
    store: &Arc<ObjectStore>,
    finished: &FinishedRun,
    output: Output,
) -> Result<(), Failure> {
    let FinishedRun { published, threads, spilled } = finished;
    let PublishedRun { plan, generation, contents, stages } = published;
    // The report shows the first kind only.
    let kind = plan.analysis.kinds.first().copied().unwrap_or(Kind::Word);
    let topics = contents.topics(kind);
    let total: Duration = stages.iter().map(|(_, took)| *took).sum();
    let view = View::open(store.clone(), generation.clone()).await?;
    let outside = OutsideCounts::of(&view);
    if output.is_json() {
        let mut seconds: BTreeMap<_, _> =
            stages.iter().map(|(stage, took)| (stage.name(), rounded(*took))).collect();
        seconds.insert("total", rounded(total));
        return Output::json(&Report {
            source: plan.source.as_str(),
            run: generation.run.as_str(),
            generation: generation.generation,
            digest: &contents.digest,
            records: &contents.records,
            bytes: contents.bytes,
            topics,
            long_terms: contents.long_terms,
            cut_records: contents.cut_records,
            outside,
            incomplete: contents.incomplete,
            objects: plan.objects.len(),
            shards: plan.shards.len(),
            chunk_size: plan.chunk_size,
            partitions: plan.partitions,
            threads: *threads,
            spilled: *spilled,
            seconds,
        });
    }
    let ranking = Ranking::One(kind, SliceStart::Shown(0));
    let top = TopQuestion { ranking, limit: SHOWN }.answer(&view).await?;
    Output::print(&tables::topics(&top))?;
    output.note(&summary(plan, &contents.records, topics, generation.generation, total));
    let OutsideCounts { undated, ahead } = outside;
    let too_long = format!(
        "are too long: only the first {} KiB of their texts were counted",
        MAX_TEXT_BYTES >> 10
    );
    for (count, what) in [
        (Some(contents.cut_records), too_long.as_str()),
        (undated, "have no readable time and are in no window"),
        (ahead, "are dated far ahead of all others and are in no scored window"),
    ] {
        if let Some(count) = count.filter(|count| *count > 0) {
            output.note(&format!("{} records {what}", tables::grouped(count)));
        }
    }
    Ok(())
}

fn summary(
    plan: &Plan,
    records: &RecordCounts,
    topics: u64,
    generation: u64,
    total: Duration,
) -> String {
    let grouped = tables::grouped;
    let mut skipped = String::new();
    for (count, what) in
        [(records.empty_total(), "without text"), (records.malformed_total(), "malformed")]
    {
        if count > 0 {
            skipped.push_str(&[", ", &grouped(count), " ", what].concat());
        }
    }
    format!(
        "{} words in {} of {} records ({}{skipped}) in {:.2} s: published as generation {generation} of {}",
        grouped(topics),
        grouped(records.counted),
        grouped(records.read),
        tables::bytes(plan.bytes()),
        total.as_secs_f64(),
        plan.source,
    )
}

fn rounded(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e4).round() / 1e4
}

/// Prints a plan from `--dry-run`.
pub(super) fn plan(plan: &Plan, threads: usize, output: Output) -> Result<(), Failure> {
    if output.is_json() {
        return Output::json(&serde_json::json!({
            "source": plan.source,
            "bytes": plan.bytes(),
            "objects": plan.objects.iter().map(|object| object.shown()).collect::<Vec<_>>(),
            "chunks": plan.chunks,
            "chunkSize": plan.chunk_size,
            "shards": plan.shards.len(),
            "ranges": plan.shards,
            "partitions": plan.partitions,
            "threads": threads,
        }));
    }
    let rows = plan.objects.iter().map(|object| {
        let Object { name, size, compression, .. } = object;
        vec![name, tables::bytes(size), compression.to_string()]
    });
    Output::print(&tables::columns(&["object", "size", "compression"], &[1], rows))?;
    Output::print(&format!(
        "{} objects, {}, {} chunks of at most {}, {} shards, {} partitions, {threads} threads; nothing was run\n",
        plan.objects.len(),
        tables::bytes(plan.bytes()),
        plan.chunks,
        tables::bytes(plan.chunk_size),
        plan.shards.len(),
        plan.partitions,
    ))
}
