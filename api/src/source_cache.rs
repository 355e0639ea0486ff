//! A bounded cache by source. Owns the order in which entries are dropped; knows nothing of the
//! values. A request may name any source, so names without a result must not push out results.

use std::collections::HashMap;
use std::sync::Arc;

use store::SourceName;

/// The most names, with a result or without. A name takes 128 bytes at most.
const MAX_NAMES: usize = 1024;

/// The most names with an opened result, which holds its contents and its recently read blocks.
const MAX_RESULTS: usize = 256;

/// The cache.
#[derive(Debug)]
pub(crate) struct SourceCache<T> {
    entries: HashMap<SourceName, CacheEntry<T>>,
    /// The number of look-ups so far: the clock of `last_use`.
    uses: u64,
}

#[derive(Debug)]
struct CacheEntry<T> {
    value: Arc<T>,
    last_use: u64,
    has_result: bool,
}

impl<T> Default for SourceCache<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), uses: 0 }
    }
}

impl<T: Default> SourceCache<T> {
    /// Returns the value of a source; a new one if the cache has none.
    pub(crate) fn of(&mut self, source: &SourceName) -> Arc<T> {
        self.uses += 1;
        if let Some(entry) = self.entries.get_mut(source) {
            entry.last_use = self.uses;
            return Arc::clone(&entry.value);
        }
        if self.entries.len() >= MAX_NAMES {
            self.drop_one(|_, _| true);
        }
        let value = Arc::<T>::default();
        let entry =
            CacheEntry { value: Arc::clone(&value), last_use: self.uses, has_result: false };
        self.entries.insert(source.clone(), entry);
        value
    }

    /// Records that a source has a result now.
    pub(crate) fn opened(&mut self, source: &SourceName) {
        let Some(entry) = self.entries.get_mut(source) else { return };
        entry.has_result = true;
        if self.entries.values().filter(|entry| entry.has_result).count() > MAX_RESULTS {
            self.drop_one(|other, entry| entry.has_result && other != source);
        }
    }

    /// Drops one of the candidates: one without a result first, then the least recently used.
    fn drop_one(&mut self, is_candidate: impl Fn(&SourceName, &CacheEntry<T>) -> bool) {
        let candidates = self.entries.iter().filter(|(source, entry)| is_candidate(source, entry));
        let first = candidates.min_by_key(|(_, entry)| (entry.has_result, entry.last_use));
        if let Some(source) = first.map(|(source, _)| source.clone()) {
            self.entries.remove(&source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(prefix: &str, number: usize) -> SourceName {
        SourceName::new(&format!("{prefix}{number}")).unwrap()
    }

    #[test]
    fn names_without_a_result_do_not_push_out_results() {
        let mut cache = SourceCache::<u8>::default();
        let result = cache.of(&source("real", 0));
        cache.opened(&source("real", 0));
        for number in 0..MAX_NAMES * 3 {
            cache.of(&source("random", number));
        }
        assert_eq!(cache.entries.len(), MAX_NAMES);
        assert!(Arc::ptr_eq(&result, &cache.of(&source("real", 0))));
    }

    #[test]
    fn the_least_recently_used_result_is_dropped_first() {
        let mut cache = SourceCache::<u8>::default();
        for number in 0..MAX_RESULTS {
            cache.of(&source("s", number));
            cache.opened(&source("s", number));
        }
        cache.of(&source("s", 0));
        cache.of(&source("new", 0));
        cache.opened(&source("new", 0));
        let open =
            |name: &SourceName| cache.entries.get(name).is_some_and(|entry| entry.has_result);
        assert!(open(&source("s", 0)) && open(&source("new", 0)) && open(&source("s", 2)));
        assert!(!open(&source("s", 1)));
    }
}
