//! The invariants after every step and at the end. They are read from the values alone: no function
//! of the store's protocol is called here.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::Deserialize;

use crate::process::{S, T};

/// The sources of a world.
const SOURCES: [&str; 2] = [S, T];

/// A record of a run, as far as it is judged.
#[derive(Debug, Deserialize)]
struct Record {
    began: u64,
}

/// An entry of the generation log, as far as it is judged.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    generation: u64,
    run: String,
    start: u64,
    highest_start: u64,
    published_at: String,
    #[serde(default)]
    rollback_to: Option<u64>,
    #[serde(default)]
    withdrawn: bool,
}

/// The values of a world.
pub(crate) struct Values<'a>(pub(crate) &'a BTreeMap<String, Bytes>);

impl Values<'_> {
    fn below(&self, prefix: &str) -> impl Iterator<Item = (&String, &Bytes)> {
        self.0.range(prefix.to_owned()..).take_while(move |(key, _)| key.starts_with(prefix))
    }

    fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Returns the sources that have a generation.
    pub(crate) fn sources(&self) -> Vec<String> {
        let entries = self.below("generations/").map(|(key, _)| key);
        let mut sources: Vec<_> =
            entries.filter_map(|key| key.split('/').nth(1)).map(str::to_owned).collect();
        sources.dedup();
        sources
    }

    fn log(&self, source: &str) -> Vec<Entry> {
        self.below(&format!("generations/{source}/")).map(|(_, entry)| parse(entry)).collect()
    }

    fn newest(&self, source: &str) -> Option<Entry> {
        let (begin, end) = (format!("generations/{source}/"), format!("generations/{source}0"));
        self.0.range(begin..end).next_back().map(|(_, entry)| parse(entry))
    }

    /// Returns the runs that began after a time.
    pub(crate) fn begun_after(&self, time: u64) -> BTreeSet<String> {
        let records = self.below("runs/").filter(|(key, _)| key.ends_with("/run"));
        let began = records.filter(|(_, record)| {
            let record: Record = serde_json::from_slice(record).expect("a record");
            record.began > time
        });
        began.filter_map(|(key, _)| key.split('/').nth(1)).map(str::to_owned).collect()
    }

    pub(crate) fn is_purged(&self, run: &str) -> bool {
        run.rsplit_once('-').is_some_and(|(uid, _)| self.has(&format!("purged/{uid}")))
    }

    pub(crate) fn is_marked(&self, run: &str) -> bool {
        self.is_purged(run) || self.has(&format!("retired/{run}"))
    }

    /// Returns true if a run has the marker of its result.
    fn has_result(&self, run: &str) -> bool {
        self.has(&format!("runs/{run}/markers/publish/{:020}", 0))
    }

    /// Returns true if a reader finds all of a result.
    fn is_whole(&self, run: &str) -> bool {
        self.has_result(run) && self.below(&format!("runs/{run}/blocks/publish/")).next().is_some()
    }

    /// Returns data without a record, which an attempt that ends by itself never leaves.
    pub(crate) fn without_record(&self) -> Option<String> {
        let mut data = self.below("runs/").map(|(key, _)| key);
        let run = |key: &str| key.split('/').nth(1).unwrap_or_default().to_owned();
        let left = data.find(|key| !self.has(&format!("runs/{}/run", run(key))));
        left.map(|key| format!("{key} has no record"))
    }

    /// Returns what is left over after the last clean-up.
    pub(crate) fn left_over(&self) -> Option<String> {
        let logs: Vec<_> = SOURCES.iter().map(|source| self.log(source)).collect();
        let stays = |run: &str| {
            let is_visible = |log: &Vec<Entry>| {
                log.last().is_some_and(|last| !last.withdrawn && last.run == run)
            };
            let is_named = |log: &Vec<Entry>| log.iter().any(|entry| entry.run == run);
            logs.iter().any(is_visible) || (!self.is_marked(run) && logs.iter().any(is_named))
        };
        let mut data = self.below("runs/").map(|(key, _)| key);
        let left = data.find(|key| {
            let run = key.split('/').nth(1).unwrap_or_default();
            !stays(run) || key.contains("/blocks/etl/")
        });
        left.map(|key| format!("{key} is left over"))
    }
}

/// Returns the broken rule, after any step.
pub(crate) fn after_a_step(values: &Values<'_>) -> Option<String> {
    SOURCES.iter().find_map(|source| {
        let newest = values.newest(source).filter(|newest| !newest.withdrawn)?;
        let run = &newest.run;
        let is_skipped = values.is_purged(run)
            || (values.is_marked(run)
                && (!values.has(&format!("runs/{run}/plan")) || !values.has_result(run)));
        let is_broken = !values.is_whole(run) && !is_skipped;
        is_broken.then(|| {
            format!(
                "generation {} of {source} names {run}, which is not whole, and no reader skips it",
                newest.generation
            )
        })
    })
}

/// Returns the broken rule when every process has ended and none was killed, or a healthy
/// process has cleaned up after those that were.
pub(crate) fn at_rest(values: &Values<'_>) -> Option<String> {
    SOURCES.iter().find_map(|source| source_at_rest(values, source))
}

fn source_at_rest(values: &Values<'_>, source: &str) -> Option<String> {
    let log = values.log(source);
    if let Some(why) = order(&log) {
        return Some(why);
    }
    let newest = log.last()?;
    let run = &newest.run;
    if !newest.withdrawn && (!values.is_whole(run) || values.is_purged(run)) {
        return Some(format!("generation {} names {run}, which is gone", newest.generation));
    }
    for entry in log.iter().filter(|entry| entry.rollback_to.is_none() && !entry.withdrawn) {
        let run = &entry.run;
        if !values.is_marked(run) && !values.is_whole(run) {
            return Some(format!("{run} is published, has no mark, and is not whole"));
        }
        if newest.withdrawn && !values.is_marked(run) {
            return Some(format!("nothing is visible although {run} stays"));
        }
    }
    None
}

/// Returns the broken rule when a process has ended that removed a run and looked at the log then.
pub(crate) fn after_a_removal(values: &Values<'_>, run: &str) -> Option<String> {
    SOURCES.iter().find_map(|source| {
        let newest =
            values.newest(source).filter(|newest| !newest.withdrawn && newest.run == run)?;
        let generation = newest.generation;
        Some(format!("generation {generation} still names {run}, which was removed"))
    })
}

/// Returns true if a value is an entry of the log with another time than now.
pub(crate) fn is_stale(key: &str, value: &Bytes, now: u64) -> bool {
    let now = i64::try_from(now).expect("a small time");
    key.starts_with("generations/") && parse(value).published_at != trends::time::rfc3339(now)
}

fn parse(entry: &Bytes) -> Entry {
    serde_json::from_slice(entry).expect("an entry of the log")
}

/// Returns the broken rule of the order of a log.
fn order(log: &[Entry]) -> Option<String> {
    let mut highest = 0;
    for (entry, n) in log.iter().zip(1..) {
        let is_published = entry.rollback_to.is_none() && !entry.withdrawn;
        if entry.generation != n {
            return Some(format!("generation {} has the key {n}", entry.generation));
        }
        if entry.highest_start < highest || (is_published && entry.start <= highest) {
            return Some(format!("generation {n} goes back behind start number {highest}"));
        }
        highest = entry.highest_start;
    }
    None
}
