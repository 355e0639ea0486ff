//! The visible result while others change the log. Owns the rule of readers: an entry whose run is
//! gone is skipped, as if it had been taken back already.

use super::withdraw::surviving;
use super::{Generation, newest};
use crate::marks::is_gone;
use crate::{Store, StoreError};

/// The most results that are tried, one after another, while each is removed under the reader.
const MAX_TRIES: usize = 16;

/// The entries to read, one after another, until the data of one is whole.
#[derive(Debug)]
pub struct Visible<'a> {
    store: &'a dyn Store,
    /// The newest entry that was seen.
    newest: Generation,
    /// The entry to read.
    entry: Option<Generation>,
    tries: usize,
}

impl<'a> Visible<'a> {
    /// Begins with the newest entry of a source, or one that was it a moment ago.
    pub fn new(store: &'a dyn Store, newest: Generation) -> Self {
        let entry = Some(newest.clone()).filter(|newest| !newest.withdrawn);
        Self { store, newest, entry, tries: 0 }
    }

    /// Returns the entry to read; `None` if no result is visible.
    pub fn entry(&self) -> Option<Generation> {
        self.entry.clone()
    }

    /// Goes on after the data of the entry was `missing`.
    ///
    /// # Errors
    /// `missing` if the run of the newest entry has no mark: then its data is damaged, and no
    /// earlier result is shown instead. Also after many tries.
    pub async fn skip(&mut self, missing: StoreError) -> Result<(), StoreError> {
        self.tries += 1;
        let known = &self.newest;
        let found = newest(self.store, &known.source, known.generation).await?;
        if let Some(newer) = found.filter(|found| found.generation > known.generation) {
            self.entry = Some(newer.clone()).filter(|newer| !newer.withdrawn);
            self.newest = newer;
            return Ok(());
        }
        if self.tries > MAX_TRIES || !is_gone(self.store, &known.run).await? {
            return Err(missing);
        }
        // The process that inserted the entry died before it took it back, or is about to do so.
        self.entry = surviving(self.store, known).await?;
        Ok(())
    }
}
