//! The readers of a simulation, and what is promised to them: a result that is visible, and of no
//! purged TrendJob, stays readable for a while.

use std::cell::RefCell;

use store::document::AttemptKey;
use store::generations::{self, Generation, Visible};
use store::marker::marker;
use store::view::answer_newest;
use store::{Key, Stage, Store as _, StoreError};

use crate::process::{Process, READERS, Report};

/// The age, in seconds, up to which the API uses what it has looked up.
const FRESH: u64 = 1;

/// An open result.
#[derive(Debug, Clone)]
struct Opened {
    entry: Generation,
    attempt: AttemptKey,
    /// The time before the log was looked at.
    since: u64,
    /// True if the TrendJob of the run was purged by then: nothing is promised.
    was_purged: bool,
}

impl Process<'_> {
    pub(crate) async fn read(&self) -> Result<(), StoreError> {
        for _ in 0..3 {
            let Some(newest) = generations::newest(self.store, &self.source(), 0).await? else {
                continue;
            };
            let mut visible = Visible::new(self.store, newest);
            while let Some(entry) = visible.entry() {
                let read = async {
                    let attempt = self.open(&entry).await?;
                    self.store.get_block(&attempt.block("x")).await
                };
                match read.await {
                    Ok(_) => break,
                    Err(missing @ StoreError::Missing { .. }) => visible.skip(missing).await?,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    async fn open(&self, entry: &Generation) -> Result<AttemptKey, StoreError> {
        let key = Key::marker(&entry.run, Stage::Publish, 0);
        let found = marker::<Report>(self.store, &entry.run, Stage::Publish, 0).await?;
        let found = found.ok_or_else(|| StoreError::Missing { key: key.to_string() })?;
        Ok(found.attempt_key(&entry.run, Stage::Publish, 0))
    }

    /// Opens the visible result, as a view does: without a look at its data if the result is `last`.
    async fn look(&self, last: Option<Opened>) -> Result<Option<Opened>, StoreError> {
        let since = self.store.now();
        let known = last.as_ref().map_or(0, |last| last.entry.generation);
        let newest = generations::newest(self.store, &self.source(), known).await?;
        let Some(newest) = newest else { return Ok(None) };
        let mut visible = Visible::new(self.store, newest);
        while let Some(entry) = visible.entry() {
            let was_purged = self.store.is_purged(&entry.run);
            let same = last.as_ref().filter(|last| last.entry == entry);
            let opened = match same {
                Some(last) => Ok(last.attempt.clone()),
                None => self.open(&entry).await,
            };
            match opened {
                Ok(attempt) => return Ok(Some(Opened { entry, attempt, since, was_purged })),
                Err(missing @ StoreError::Missing { .. }) => visible.skip(missing).await?,
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn read_block(&self, opened: &Opened) -> Result<(), StoreError> {
        self.store.get_block(&opened.attempt.block("x")).await.map(drop)
    }

    /// Returns true if an open result must still be readable. A purge and a clean-up measure the time
    /// since a result was hidden by the time of the entry that hides it. So nothing is promised if
    /// time passed between the choice of that time and the insert.
    fn is_promised(&self, opened: &Opened) -> bool {
        let is_purged = self.store.is_purged(&opened.entry.run);
        let promised = if is_purged { self.grace.min(READERS) } else { self.grace };
        let is_exact = !is_purged || !self.store.has_stale_entries();
        !opened.was_purged && is_exact && self.store.now() < opened.since + promised
    }

    pub(crate) async fn read_slowly(&self) -> Result<(), StoreError> {
        let Some(opened) = self.look(None).await? else { return Ok(()) };
        for _ in 0..6 {
            if let Err(error) = self.read_block(&opened).await
                && self.is_promised(&opened)
            {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Asks five times. A result that is removed while the API keeps it is looked up once more, and
    /// then it is readable if anything is promised.
    pub(crate) async fn read_as_the_api(&self) -> Result<(), StoreError> {
        let kept: RefCell<Option<Opened>> = RefCell::default();
        for _ in 0..5 {
            let kept = &kept;
            let look = |incomplete: Option<Opened>| async move {
                let last = if incomplete.is_none() { kept.take() } else { None };
                let is_fresh = |last: &Opened| self.store.now() < last.since + FRESH;
                let opened = match last {
                    Some(last) if is_fresh(&last) => Some(last),
                    last => self.look(last).await.map_err(Failure::Look)?,
                };
                kept.replace(opened.clone());
                Ok(opened)
            };
            let answer = |opened: Opened| async move {
                let read = self.read_block(&opened).await;
                read.map_err(|error| Failure::Answer(error, self.is_promised(&opened)))
            };
            let is_missing = |failure: &Failure| match failure {
                Failure::Look(_) => false,
                // A promised result is readable at the first look.
                Failure::Answer(error, is_promised) => error.is_missing() && !is_promised,
            };
            match answer_newest(look, answer, is_missing).await {
                Ok(_) | Err(Failure::Answer(_, false)) => {}
                Err(Failure::Look(error) | Failure::Answer(error, true)) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A failure of a reader.
#[derive(Debug)]
enum Failure {
    Look(StoreError),
    /// The result could not be read; true if that was promised.
    Answer(StoreError, bool),
}
