//! What is remembered of sources, within bounds. Owns what is forgotten first; knows nothing of what
//! is remembered. Anybody may ask for any name, so names that don't exist must not push out results.

use std::collections::HashMap;
use std::sync::Arc;

use store::SourceName;

/// Names that are remembered, with results or without. 128 bytes each at most.
const NAMES: usize = 1024;

/// Those of them with an opened result, which is an index and what was read of it lately.
const RESULTS: usize = 256;

/// What is remembered, by source.
#[derive(Debug)]
pub(crate) struct Known<T> {
    sources: HashMap<SourceName, Remembered<T>>,
    uses: u64,
}

#[derive(Debug)]
struct Remembered<T> {
    value: Arc<T>,
    used: u64,
    opened: bool,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { sources: HashMap::new(), uses: 0 }
    }
}

impl<T: Default> Known<T> {
    /// What is remembered of a source, or a beginning.
    pub(crate) fn of(&mut self, source: &SourceName) -> Arc<T> {
        self.uses += 1;
        if let Some(known) = self.sources.get_mut(source) {
            known.used = self.uses;
            return Arc::clone(&known.value);
        }
        if self.sources.len() >= NAMES {
            self.forget(|_, _| true);
        }
        let value = Arc::<T>::default();
        let known = Remembered { value: Arc::clone(&value), used: self.uses, opened: false };
        self.sources.insert(source.clone(), known);
        value
    }

    /// That there is a result of a source now.
    pub(crate) fn opened(&mut self, source: &SourceName) {
        let Some(known) = self.sources.get_mut(source) else { return };
        known.opened = true;
        if self.sources.values().filter(|known| known.opened).count() > RESULTS {
            self.forget(|other, known| known.opened && other != source);
        }
    }

    /// Forgets one of those that may go: without a result before with one, then the longest unused.
    fn forget(&mut self, may_go: impl Fn(&SourceName, &Remembered<T>) -> bool) {
        let candidates = self.sources.iter().filter(|(source, known)| may_go(source, known));
        let first = candidates.min_by_key(|(_, known)| (known.opened, known.used));
        if let Some(source) = first.map(|(source, _)| source.clone()) {
            self.sources.remove(&source);
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
    fn names_nobody_publishes_under_do_not_push_out_results() {
        let mut known = Known::<u8>::default();
        let result = known.of(&source("real", 0));
        known.opened(&source("real", 0));
        for number in 0..NAMES * 3 {
            known.of(&source("random", number));
        }
        assert_eq!(known.sources.len(), NAMES);
        assert!(Arc::ptr_eq(&result, &known.of(&source("real", 0))));
    }

    #[test]
    fn the_result_longest_unused_is_forgotten_first() {
        let mut known = Known::<u8>::default();
        for number in 0..RESULTS {
            known.of(&source("s", number));
            known.opened(&source("s", number));
        }
        known.of(&source("s", 0));
        known.of(&source("new", 0));
        known.opened(&source("new", 0));
        let open = |name: &SourceName| known.sources.get(name).is_some_and(|known| known.opened);
        assert!(open(&source("s", 0)) && open(&source("new", 0)) && open(&source("s", 2)));
        assert!(!open(&source("s", 1)));
    }
}
