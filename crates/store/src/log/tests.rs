//! A log that lost one of its entries. The store of these tests is shared by the tests of all logs.

use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore as _, ObjectStoreExt as _};

use super::*;
use crate::ObjectStore;

/// A store that can lose values.
pub(crate) struct Lossy {
    pub(crate) store: ObjectStore,
    objects: Arc<InMemory>,
}

impl Lossy {
    pub(crate) async fn new() -> Self {
        let objects = Arc::new(InMemory::new());
        let store = ObjectStore::over(Arc::clone(&objects) as Arc<_>, "memory").await.unwrap();
        Self { store, objects }
    }

    pub(crate) async fn lose(&self, key: &Key) {
        self.objects.delete(&ObjectPath::from(key.to_string())).await.unwrap();
    }

    pub(crate) async fn spoil(&self, key: &Key) {
        self.objects.put(&ObjectPath::from(key.to_string()), "?".into()).await.unwrap();
    }

    /// The number of entries of a log.
    pub(crate) async fn count(&self, log: Log) -> usize {
        let path = ObjectPath::from(log.name());
        self.objects.list_with_delimiter(Some(&path.join("s"))).await.unwrap().objects.len()
    }
}

/// Fails unless an error names a lost entry.
pub(crate) fn assert_names(error: &StoreError, key: &Key) {
    assert!(matches!(error, StoreError::LostEntry(_)), "{error:?}");
    assert!(error.to_string().contains(&key.to_string()), "{error}");
}

#[tokio::test]
async fn no_lost_entry_is_taken_for_the_end_of_a_log() {
    let source = SourceName::new("s").unwrap();
    let key = |n| Key::exclusion(&source, n);
    for length in 2..=20 {
        for hole in 1..length {
            let lossy = Lossy::new().await;
            for n in (1..=length).filter(|n| *n != hole) {
                lossy.store.insert(&key(n), n.to_string().into()).await.unwrap();
            }
            let found = last(&lossy.store, Log::Exclusions, &source, 0).await.unwrap();
            let seems = found.as_ref().map_or(0, |(n, _)| *n);
            match whole(&lossy.store, Log::Exclusions, &source, found).await {
                Ok(Some((n, value))) => {
                    assert_eq!((n, value), (length, length.to_string().into()), "without {hole}");
                }
                Ok(None) => panic!("{length} entries without {hole} are no empty log"),
                Err(error) => {
                    assert_eq!(seems, hole - 1, "{length} entries without {hole}: {error}");
                    assert_names(&error, &key(hole));
                }
            }
        }
    }
}

#[tokio::test]
async fn an_entry_that_another_process_appends_meanwhile_is_no_fault() {
    let source = SourceName::new("s").unwrap();
    let lossy = Lossy::new().await;
    for n in 1..=9 {
        let found = last(&lossy.store, Log::Starts, &source, 0).await.unwrap();
        let key = Key::start(&source, n);
        lossy.store.insert(&key, n.to_string().into()).await.unwrap();
        let found = whole(&lossy.store, Log::Starts, &source, found).await.unwrap();
        assert_eq!(found.map(|(n, _)| n), Some(n));
    }
}
