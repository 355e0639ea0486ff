//! Logs of entries under contiguous keys from 1, each written once. Owns the search for the last one;
//! the content of entries belongs to each log.

use std::ops::RangeInclusive;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Insertion, Key, Store, StoreError, envelope};

/// Inserts an entry. Returns false if another process was first.
pub(crate) async fn insert<T: Serialize + Sync>(
    store: &dyn Store,
    key: &Key,
    format: u32,
    entry: &T,
) -> Result<bool, StoreError> {
    let value = envelope::seal(key, format, entry)?;
    Ok(store.insert(key, value).await? == Insertion::Inserted)
}

/// Checks and parses an entry of one of `formats`; fails as [`envelope::open`] does.
pub(crate) fn parse<T: DeserializeOwned>(
    key: &Key,
    bytes: &[u8],
    formats: RangeInclusive<u32>,
) -> Result<T, StoreError> {
    envelope::open(key, bytes, formats)
}

/// Returns the number and value of the last entry. `known` is the number of an entry that exists,
/// or 0. The search leaps from there by doubling distances, then halves the last leap, so that a
/// long log costs few reads.
pub(crate) async fn last(
    store: &dyn Store,
    known: u64,
    key: impl Fn(u64) -> Key,
) -> Result<Option<(u64, bytes::Bytes)>, StoreError> {
    let mut found = None;
    let (mut low, mut leap) = (known, 1);
    let mut high = loop {
        match store.get(&key(low + leap)).await? {
            Some(value) => {
                low += leap;
                found = Some((low, value));
                leap *= 2;
            }
            None => break low + leap,
        }
    };
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match store.get(&key(middle)).await? {
            Some(value) => {
                low = middle;
                found = Some((low, value));
            }
            None => high = middle,
        }
    }
    if found.is_none() && known > 0 {
        found = store.get(&key(known)).await?.map(|value| (known, value));
    }
    Ok(found)
}
