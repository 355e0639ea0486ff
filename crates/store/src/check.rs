//! Checks of single values, for a reader of the whole store. Owns the type of each key's value;
//! doesn't know which values belong together.

use serde::de::IgnoredAny;

use crate::document::read_document;
use crate::{Key, Log, Store, StoreError, envelope, exclusions, generations, runs};

/// The newest format of values that hold nothing to check but themselves.
const FORMAT: u32 = 1;

/// Reads the value under a key, and checks its checksum, its format and its type. Returns its
/// length in bytes, `None` if there is none.
///
/// # Errors
/// `Damaged` or `Newer` for a value that can't be used, `Missing` or `Damaged` for a block of a long
/// document.
pub async fn check_value(store: &dyn Store, key: &Key) -> Result<Option<u64>, StoreError> {
    let Some(stored) = store.get(key).await? else { return Ok(None) };
    match key {
        Key::Run(run) => runs::read(store, run).await.map(drop)?,
        Key::Plan(_) | Key::Marker { .. } => {
            read_document::<IgnoredAny>(store, key).await.map(drop)?;
        }
        Key::Entry { log: Log::Generations, source, n } => {
            let entry = generations::at(store, source, *n).await?;
            if entry.is_some_and(|entry| (entry.generation, &entry.source) != (*n, source)) {
                return Err(StoreError::damaged(key, &"it is the entry of another number"));
            }
        }
        Key::Entry { log: Log::Exclusions, source, n } => {
            exclusions::at(store, source, *n).await.map(drop)?;
        }
        Key::Entry { log: Log::Starts, .. } | Key::Retired(_) | Key::Purged(_) => {
            envelope::open::<IgnoredAny>(key, &stored, 0..=FORMAT).map(drop)?;
        }
    }
    Ok(Some(stored.len() as u64))
}
