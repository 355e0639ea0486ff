//! The search for the entry that published a run, however long the log is. Owns the order that the
//! search rests on, and the memory of what earlier searches have read.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Generation, read};
use crate::{RunId, Store, StoreError};

/// The most places of the log that are remembered: less than 8 MB.
const MAX_PLACES: usize = 1 << 17;

/// Places of a log: the first and the last known entry with a highest start number, by that number.
type Places = BTreeMap<u64, (u64, u64)>;

/// The entries that published the runs of a source. Entries never change, so the search for one run
/// makes use of what the searches for others have read.
#[derive(Debug)]
pub(crate) struct Publications<'a> {
    store: &'a dyn Store,
    /// The newest entry, or an earlier one to which the search is limited.
    newest: &'a Generation,
    places: Mutex<Places>,
}

impl<'a> Publications<'a> {
    /// The publications of the source of `newest`, up to that entry.
    pub(crate) const fn new(store: &'a dyn Store, newest: &'a Generation) -> Self {
        Self { store, newest, places: Mutex::new(Places::new()) }
    }

    /// Returns the entry that published a run, `None` if none has.
    pub(crate) async fn of(
        &self,
        run: &RunId,
        start: u64,
    ) -> Result<Option<Generation>, StoreError> {
        if self.newest.highest_start < start {
            return Ok(None);
        }
        // Highest start numbers never fall. The first entry that reaches `start` is the one that
        // published the run with that start number, if any has.
        let (mut below, mut first) = self.around(start);
        let mut entry = None;
        while first - below > 1 {
            let middle = below + (first - below) / 2;
            let found = self.read(middle).await?;
            self.note(&found);
            if found.highest_start < start {
                below = middle;
            } else {
                (first, entry) = (middle, Some(found));
            }
        }
        let first = match entry {
            Some(entry) => entry,
            None if first == self.newest.generation => self.newest.clone(),
            None => self.read(first).await?,
        };
        let is_publication = first.start == start
            && first.run == *run
            && first.rollback_to.is_none()
            && !first.withdrawn;
        Ok(is_publication.then_some(first))
    }

    async fn read(&self, n: u64) -> Result<Generation, StoreError> {
        read(self.store, &self.newest.source, n, self.newest.generation).await
    }

    /// Returns the last known entry that doesn't reach a start number, 0 if none is known, and the
    /// first known one that does.
    fn around(&self, start: u64) -> (u64, u64) {
        let places = self.places();
        let below = places.range(..start).next_back().map_or(0, |(_, (_, last))| *last);
        let first = places.range(start..).next().map(|(_, (first, _))| *first);
        (below, first.unwrap_or(self.newest.generation))
    }

    fn note(&self, entry: &Generation) {
        let (n, mut places) = (entry.generation, self.places());
        if let Some((first, last)) = places.get_mut(&entry.highest_start) {
            (*first, *last) = (n.min(*first), n.max(*last));
        } else if places.len() < MAX_PLACES {
            places.insert(entry.highest_start, (n, n));
        }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use bytes::Bytes;

    use super::*;
    use crate::generations::FORMAT;
    use crate::{BlockKey, Insertion, Key, Listing, Log, Part, SourceName, Stage, envelope};

    const ENTRIES: u64 = 1_000_000;

    fn run(start: u64) -> RunId {
        RunId::new(&format!("run-{start}")).unwrap()
    }

    /// The entry `n` of a log in which every third entry rolls back to the one before, and every
    /// other one publishes a run whose start number is twice as high as `n`.
    fn entry(n: u64) -> Generation {
        let published = if n.is_multiple_of(3) { n - 1 } else { n };
        Generation {
            generation: n,
            source: SourceName::new("s").unwrap(),
            run: run(2 * published),
            start: 2 * published,
            highest_start: 2 * published,
            published_at: String::new(),
            incomplete: false,
            rollback_to: (published < n).then_some(published),
            withdrawn: false,
        }
    }

    /// A store with a log and nothing else. Counts its reads.
    #[derive(Debug, Default)]
    struct LongLog {
        reads: AtomicU64,
    }

    #[async_trait::async_trait]
    impl Store for LongLog {
        async fn insert(&self, _: &Key, _: Bytes) -> Result<Insertion, StoreError> {
            unreachable!("a search changes nothing")
        }

        async fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            let Key::Entry { n, .. } = key else { unreachable!("a search reads entries only") };
            let is_there = (1..=ENTRIES).contains(n);
            is_there.then(|| envelope::seal(key, FORMAT, &entry(*n))).transpose()
        }

        async fn runs(&self) -> Result<Vec<RunId>, StoreError> {
            Ok(Vec::new())
        }

        async fn sources(&self) -> Result<Vec<SourceName>, StoreError> {
            Ok(Vec::new())
        }

        async fn put_block(&self, _: &BlockKey, _: Bytes) -> Result<(), StoreError> {
            unreachable!("a search changes nothing")
        }

        async fn get_block(&self, _: &BlockKey) -> Result<Bytes, StoreError> {
            unreachable!("a search reads entries only")
        }

        async fn highest(&self, _: Log, _: &SourceName) -> Result<u64, StoreError> {
            Ok(ENTRIES)
        }

        fn list(&self, _: Part) -> Listing<'_> {
            Box::pin(futures::stream::empty())
        }

        async fn remove_blocks(&self, _: &RunId, _: Stage) -> Result<(), StoreError> {
            unreachable!("a search changes nothing")
        }

        async fn remove_run(&self, _: &RunId) -> Result<(), StoreError> {
            unreachable!("a search changes nothing")
        }
    }

    /// Searches for runs, checks each outcome, and returns the number of reads.
    async fn reads(starts: impl Iterator<Item = u64>) -> u64 {
        let (store, newest) = (LongLog::default(), entry(ENTRIES));
        let publications = Publications::new(&store, &newest);
        for start in starts {
            let n = start / 2;
            let is_published =
                start.is_multiple_of(2) && !n.is_multiple_of(3) && (1..=ENTRIES).contains(&n);
            let found = publications.of(&run(start), start).await.unwrap();
            assert_eq!(found, is_published.then(|| entry(n)), "{start}");
            let of_another = publications.of(&run(start + 1), start).await.unwrap();
            assert_eq!(of_another, None, "{start}");
        }
        store.reads.into_inner()
    }

    #[tokio::test]
    async fn the_last_runs_of_a_long_log_are_found_with_few_reads_each() {
        let last = 2 * ENTRIES + 10;
        let read = reads(last - 10_000..last).await;
        assert!(read < 25_000, "{read} reads");
    }

    #[tokio::test]
    async fn runs_anywhere_in_a_long_log_share_the_first_reads_of_their_searches() {
        // 7919 is a prime: the order of names is not that of start numbers.
        let anywhere = (0..10_000).map(|number| number * 7919 * 2 % (2 * ENTRIES));
        let read = reads(anywhere).await;
        assert!(read < 90_000, "{read} reads");
    }
}
