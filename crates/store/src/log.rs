//! Logs of entries under contiguous keys, each written once. Owns how an entry says its format and how the
//! last is found; what entries say is for whoever keeps a log.

use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Insertion, Key, Store, StoreError};

#[derive(Serialize)]
struct Written<'a, T> {
    format: u32,
    #[serde(flatten)]
    entry: &'a T,
}

#[derive(Deserialize)]
struct Format {
    format: Option<u32>,
}

/// Inserts an entry, unless somebody was first: `false` then.
pub(crate) async fn insert<T: Serialize + Sync>(
    store: &dyn Store,
    key: &Key,
    format: u32,
    entry: &T,
) -> Result<bool, StoreError> {
    let json =
        serde_json::to_vec(&Written { format, entry }).map_err(|error| damaged(key, &error))?;
    Ok(store.insert(key, json.into()).await? == Insertion::Inserted)
}

/// An entry of one of `formats`; where 0 is among them, an entry need not say any.
///
/// # Errors
/// `Newer` for a newer format, whatever else the entry says; `Damaged` if it is none.
pub(crate) fn parse<T: DeserializeOwned>(
    key: &Key,
    bytes: &[u8],
    formats: RangeInclusive<u32>,
) -> Result<T, StoreError> {
    let Format { format } = serde_json::from_slice(bytes).map_err(|error| damaged(key, &error))?;
    let format = format.unwrap_or(0);
    if format > *formats.end() {
        let (place, known) = (key.to_string(), *formats.end());
        return Err(StoreError::Newer { place, found: format, known });
    }
    if !formats.contains(&format) {
        let what = "it does not say its format".to_owned();
        return Err(StoreError::Damaged { key: key.to_string(), what });
    }
    serde_json::from_slice(bytes).map_err(|error| damaged(key, &error))
}

fn damaged(key: &Key, error: &serde_json::Error) -> StoreError {
    StoreError::Damaged { key: key.to_string(), what: error.to_string() }
}

/// The last of keys that are contiguous from 1, and its value: by leaps that double from the known
/// one, then by halves, so that a long log costs few reads.
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
