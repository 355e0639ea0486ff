//! Showing an earlier result again. Owns the choice of runs that may be shown.

use super::withdraw::take_back;
use super::{Generation, end, insert, read};
use crate::marks::may_be_shown;
use crate::{SourceName, Store, StoreError};

/// Shows an earlier generation again, by a new entry that names its run.
///
/// # Errors
/// `Refused` if the generation does not exist, is the visible one, or its run is retired, purged or
/// removed. `LostEntry` if the entry would not be the newest one.
pub async fn rollback(
    store: &dyn Store,
    source: &SourceName,
    to: u64,
    published_at: &str,
) -> Result<Generation, StoreError> {
    let gone = || {
        StoreError::Refused(format!(
            "the run of generation {to} of {source} is retired or purged: its data is no longer kept"
        ))
    };
    let mut known = 0;
    loop {
        let newest = end(store, source, known).await?.ok_or_else(|| {
            StoreError::Refused(format!(
                "nothing is published under {source}: trendjob runs lists published results"
            ))
        })?;
        if to > newest.generation {
            return Err(StoreError::Refused(format!(
                "{source} has no generation {to}: its newest is {}, trendjob runs lists them",
                newest.generation
            )));
        }
        let target = read(store, source, to, newest.generation).await?;
        if target.run == newest.run && !newest.withdrawn {
            return Err(StoreError::Refused(format!(
                "generation {to} of {source} is visible already, as generation {}",
                newest.generation
            )));
        }
        if !may_be_shown(store, &target.run).await? {
            return Err(gone());
        }
        let entry = Generation {
            generation: newest.generation + 1,
            highest_start: newest.highest_start,
            published_at: published_at.to_owned(),
            rollback_to: Some(to),
            withdrawn: false,
            ..target
        };
        if insert(store, &entry).await? {
            // The run may have been marked, and even removed, since the first look.
            if !may_be_shown(store, &entry.run).await? {
                take_back(store, &entry, published_at).await?;
                return Err(gone());
            }
            return Ok(entry);
        }
        known = entry.generation;
    }
}
