//! The invariants after every step and at the end. They are read from the values alone: no function
//! of the store's protocol is called here.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;

/// An entry of the generation log, as far as it is judged.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    generation: u64,
    run: String,
    start: u64,
    highest_start: u64,
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

    fn log(&self) -> Vec<Entry> {
        self.below("generations/s/").map(|(_, entry)| parse(entry)).collect()
    }

    fn newest(&self) -> Option<Entry> {
        let mut below = self.0.range("generations/s/".to_owned().."generations/t".to_owned());
        below.next_back().map(|(_, entry)| parse(entry))
    }

    pub(crate) fn is_purged(&self, run: &str) -> bool {
        run.rsplit_once('-').is_some_and(|(uid, _)| self.has(&format!("purged/{uid}")))
    }

    fn is_marked(&self, run: &str) -> bool {
        self.is_purged(run) || self.has(&format!("retired/{run}"))
    }

    /// Returns true if a reader finds all of a result.
    fn is_whole(&self, run: &str) -> bool {
        self.has(&format!("runs/{run}/markers/publish/{:020}", 0))
            && self.below(&format!("runs/{run}/blocks/publish/")).next().is_some()
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
        let log = self.log();
        let visible =
            log.last().filter(|newest| !newest.withdrawn).map(|newest| newest.run.as_str());
        let stays = |run: &str| {
            visible == Some(run)
                || (!self.is_marked(run) && log.iter().any(|entry| entry.run == run))
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
    let newest = values.newest()?;
    let run = &newest.run;
    let is_skipped = values.is_purged(run)
        || (values.is_marked(run) && !values.has(&format!("runs/{run}/plan")));
    let is_broken = !newest.withdrawn && !values.is_whole(run) && !is_skipped;
    is_broken.then(|| {
        format!(
            "generation {} names {run}, which is not whole, and no reader skips it",
            newest.generation
        )
    })
}

/// Returns the broken rule when every process has ended and none was killed, or a healthy
/// process has cleaned up after those that were.
pub(crate) fn at_rest(values: &Values<'_>) -> Option<String> {
    let log = values.log();
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
