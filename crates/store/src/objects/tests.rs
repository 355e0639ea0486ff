//! The suite over a folder and over memory, and what only a folder can suffer.

use std::time::Duration;

use super::*;
use crate::AttemptId;
use crate::conformance::conformance;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_folder_is_a_store() {
    let folder = tempfile::tempdir().unwrap();
    conformance(async || {
        Arc::new(ObjectStore::open_folder(folder.path()).await.unwrap()) as Arc<dyn Store>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_bucket_is_a_store() {
    let bucket = Arc::new(object_store::memory::InMemory::new());
    conformance(async || {
        let store = ObjectStore::over(bucket.clone(), "memory").await.unwrap();
        Arc::new(store) as Arc<dyn Store>
    })
    .await;
}

#[tokio::test]
async fn a_newer_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(ObjectStore::open_folder(folder.path()).await.unwrap());
    fs::write(folder.path().join("format"), r#"{"format":2}"#).unwrap();
    for opened in [
        ObjectStore::open_folder(folder.path()).await,
        ObjectStore::open_existing_folder(folder.path()).await,
    ] {
        assert!(matches!(opened, Err(StoreError::Newer { found: 2, known: FORMAT, .. })));
    }
    fs::write(folder.path().join("format"), "?").unwrap();
    let opened = ObjectStore::open_folder(folder.path()).await;
    assert!(matches!(opened, Err(StoreError::Damaged { .. })));
}

#[tokio::test]
async fn a_folder_of_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(ObjectStore::open_existing_folder(folder.path()).await.is_err());
    fs::write(folder.path().join("thesis.tex"), "").unwrap();
    let opened = ObjectStore::open_folder(folder.path()).await;
    assert!(matches!(opened, Err(StoreError::Refused(_))), "{opened:?}");
}

#[tokio::test]
async fn staged_files_of_killed_writers_are_never_seen_and_swept_later() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::open_folder(folder.path()).await.unwrap();
    let run = RunId::new("run").unwrap();
    let attempt = AttemptId::new("a").unwrap();
    let key = BlockKey { run: run.clone(), stage: Stage::Etl, index: 0, attempt, name: "x".into() };
    store.put_block(&key, "whole".into()).await.unwrap();
    let staged = folder.path().join(format!("{key}#1"));
    fs::write(&staged, "half").unwrap();
    assert_eq!(store.get_block(&key).await.unwrap(), "whole");
    let modified = fs::metadata(&staged).unwrap().modified().unwrap();
    assert_eq!(store.sweep_staged(modified).unwrap(), 0, "it may be being written");
    assert_eq!(store.sweep_staged(modified + Duration::from_secs(1)).unwrap(), 1);
    assert!(!staged.exists());
    assert_eq!(store.get_block(&key).await.unwrap(), "whole");
    fs::write(&staged, "half").unwrap();
    store.remove_run(&run).await.unwrap();
    assert!(!folder.path().join("runs").join("run").exists());
}

#[test]
fn a_full_disk_is_told_apart() {
    let full = || io::Error::from(io::ErrorKind::StorageFull);
    let error = failed("writing", Path::new("/x"), full());
    assert!(matches!(&error, StoreError::Full { key, .. } if key == "/x"), "{error}");
    let wrapped = ObjectError::Generic { store: "x", source: Box::new(full()) };
    assert!(matches!(translate("writing", "k", wrapped), StoreError::Full { .. }));
}
