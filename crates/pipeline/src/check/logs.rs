//! The logs of a checked store: gaps, and a newest result whose run is gone. Owns these two rules.

use store::{Key, LOST_ENTRY_REMEDY, Log, SourceName, StoreError, generations, runs};

use super::{Check, Fault, is_finished};

/// The most gaps of a log that are named one by one.
const NAMED: usize = 10;

/// The entries of a log that were listed.
#[derive(Debug, Default)]
pub(super) struct LogSeen {
    /// Their number.
    count: u64,
    /// The highest one.
    last: u64,
}

impl LogSeen {
    pub(super) fn add(&mut self, n: u64) {
        self.count += 1;
        self.last = self.last.max(n);
    }
}

impl Check<'_> {
    /// Looks for gaps in all logs, and for the runs of the newest results.
    pub(super) async fn logs(&mut self) -> Result<(), StoreError> {
        for ((name, source), seen) in std::mem::take(&mut self.logs) {
            let log = [Log::Starts, Log::Generations, Log::Exclusions];
            let Some(log) = log.into_iter().find(|log| log.name() == name) else { continue };
            if seen.count < seen.last {
                self.gaps(log, &source, seen.last).await?;
            }
            if log == Log::Generations {
                self.newest(&source, seen.last).await?;
            }
        }
        Ok(())
    }

    async fn gaps(&mut self, log: Log, source: &SourceName, last: u64) -> Result<(), StoreError> {
        let mut named = 0;
        for n in 1..last {
            let key = Key::Entry { log, source: source.clone(), n };
            if self.store.get(&key).await?.is_none() {
                self.found(
                    Fault::Missing,
                    format!("{key} is missing: the log goes on to {last}; {LOST_ENTRY_REMEDY}"),
                );
                named += 1;
            }
            if named == NAMED {
                break;
            }
        }
        Ok(())
    }

    async fn newest(&mut self, source: &SourceName, last: u64) -> Result<(), StoreError> {
        let found = generations::at(self.store, source, last).await;
        // A damaged entry was reported when it was listed.
        let Ok(Some(entry)) = found else { return Ok(()) };
        let is_kept = runs::read(self.store, &entry.run).await.map_or(true, |run| run.is_some());
        let is_whole = is_kept && is_finished(self.store, &entry.run).await?;
        if entry.withdrawn || is_whole || runs::is_marked(self.store, &entry.run).await? {
            return Ok(());
        }
        let message = format!(
            "the newest generation {last} of {source} names run {}, which the store does not have: publish the source again, or roll back",
            entry.run
        );
        self.found(Fault::Missing, message);
        Ok(())
    }
}
