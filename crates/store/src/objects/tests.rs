//! The conformance suite over a folder and over memory, and the faults of a folder.

#[cfg(target_os = "linux")]
mod disks;
mod links;
#[cfg(unix)]
mod processes;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
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
    let bucket = Arc::new(InMemory::new());
    conformance(async || {
        let store = ObjectStore::over(bucket.clone(), "memory").await.unwrap();
        Arc::new(store) as Arc<dyn Store>
    })
    .await;
}

#[tokio::test]
async fn a_newer_store_is_not_touched() {
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
async fn a_store_that_lost_its_format_is_told_what_the_file_should_hold() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::open_folder(folder.path()).await.unwrap();
    let start = Key::start(&SourceName::new("s").unwrap(), 1);
    for key in [Key::run(&RunId::new("run").unwrap()), start] {
        store.insert(&key, "{}".into()).await.unwrap();
    }
    let format = folder.path().join("format");
    fs::write(&format, "").unwrap();
    for _ in ["empty", "removed"] {
        for opened in [
            ObjectStore::open_folder(folder.path()).await,
            ObjectStore::open_existing_folder(folder.path()).await,
        ] {
            let error = opened.unwrap_err();
            assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
            let error = error.to_string();
            assert!(error.contains(r#"{"format":1}"#) && error.contains("format is damaged"));
        }
        fs::remove_file(&format).ok();
    }
    fs::write(&format, r#"{"format":1}"#).unwrap();
    ObjectStore::open_existing_folder(folder.path()).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_is_not_a_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(ObjectStore::open_existing_folder(folder.path()).await.is_err());
    fs::write(folder.path().join("thesis.tex"), "").unwrap();
    let opened = ObjectStore::open_folder(folder.path()).await;
    assert!(matches!(opened, Err(StoreError::Refused(_))), "{opened:?}");
}

#[tokio::test]
async fn staged_files_of_killed_writers_are_never_read_and_are_swept_later() {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_block_is_written_while_the_blocks_of_its_stage_are_removed() {
    const BLOCKS: usize = 400;
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::open_folder(folder.path()).await.unwrap();
    let run = RunId::new("run").unwrap();
    let key = |number: usize| BlockKey {
        run: run.clone(),
        stage: Stage::Etl,
        index: 0,
        attempt: AttemptId::new(&format!("a-{number}")).unwrap(),
        name: "x".into(),
    };
    let puts = futures::stream::iter(0..BLOCKS).map(|number| {
        let (store, key) = (&store, key(number));
        async move { store.put_block(&key, "x".into()).await.map(|()| number) }
    });
    let mut puts = std::pin::pin!(puts.buffer_unordered(16));
    // At each removal of all blocks, other blocks are being written.
    while let Some(put) = puts.next().await {
        if put.unwrap() % 10 == 9 {
            store.remove_blocks(&run, Stage::Etl).await.ok();
        }
    }
    store.put_block(&key(BLOCKS), "last".into()).await.unwrap();
    assert_eq!(store.get_block(&key(BLOCKS)).await.unwrap(), "last");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn values_are_inserted_although_a_leaping_clock_makes_staged_files_look_old() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::open_folder(folder.path()).await.unwrap();
    let source = SourceName::new("s").unwrap();
    let current = AtomicU64::new(1);
    let inserts = async {
        for n in 1..=100 {
            current.store(n, Ordering::Relaxed);
            let inserted = store.insert(&Key::start(&source, n), "x".into()).await;
            if !matches!(inserted, Ok(Insertion::Inserted)) {
                return Err((n, inserted));
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        // Removes a staged file of each insert, if it comes in time, and lets the next try be.
        let sweeper = scope.spawn(|| {
            let later = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 200);
            let (mut swept, mut last) = (0, 0);
            loop {
                match current.load(Ordering::Relaxed) {
                    0 => return swept,
                    n if n != last && store.sweep_staged(later).unwrap() > 0 => {
                        (swept, last) = (swept + 1, n);
                    }
                    _ => std::thread::yield_now(),
                }
            }
        });
        let done =
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(inserts));
        current.store(0, Ordering::Relaxed);
        assert!(sweeper.join().unwrap() > 0, "no staged file was swept");
        done.unwrap();
    });
}

#[test]
fn a_full_disk_has_an_error_of_its_own() {
    let full = || io::Error::from(ErrorKind::StorageFull);
    let error = StoreError::at_path("writing", Path::new("/x"), full());
    assert!(matches!(&error, StoreError::Full { key, .. } if key == "/x"), "{error}");
    let wrapped = ObjectError::Generic { store: "x", source: Box::new(full()) };
    let error = StoreError::failed("writing", "k".into(), wrapped);
    assert!(matches!(&error, StoreError::Full { key, .. } if key == "k"), "{error}");
    let other = StoreError::at_path("writing", Path::new("/x"), io::Error::other("x"));
    assert!(matches!(&other, StoreError::Unavailable { .. }), "{other}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_processes_can_make_one_store_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let opened = (0..8).map(|number| {
            let path = folder.path().to_owned();
            tokio::spawn(async move {
                let store = ObjectStore::open_folder(&path).await?;
                // Files that another process stores meanwhile must not look foreign.
                let run = RunId::new(&format!("run-{number}"))?;
                store.insert(&Key::run(&run), "{}".into()).await
            })
        });
        for opened in futures::future::join_all(opened).await {
            assert_eq!(opened.unwrap().unwrap(), Insertion::Inserted);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn runs_are_removed_and_the_store_is_swept_while_others_start() {
    let folder = tempfile::tempdir().unwrap();
    let workers = (0..4).map(|worker| {
        let path = folder.path().to_owned();
        tokio::spawn(async move {
            let store = ObjectStore::open_folder(&path).await?;
            // Often the folder of all runs is empty for a moment.
            for number in 0..50 {
                let run = RunId::new(&format!("run-{worker}-{number}"))?;
                store.insert(&Key::run(&run), "{}".into()).await?;
                store.insert(&Key::plan(&run), "{}".into()).await?;
                store.sweep_staged(SystemTime::UNIX_EPOCH)?;
                store.remove_run(&run).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    for worker in futures::future::join_all(workers.collect::<Vec<_>>()).await {
        worker.unwrap().unwrap();
    }
    let store = ObjectStore::open_existing_folder(folder.path()).await.unwrap();
    assert!(store.runs().await.unwrap().is_empty());
    assert!(folder.path().join("runs").is_dir(), "the folder that all runs share stays");
}

#[tokio::test]
async fn files_of_the_system_are_ignored() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("lost+found")).unwrap();
    fs::write(folder.path().join(".DS_Store"), "x").unwrap();
    let store = ObjectStore::open_folder(folder.path()).await.unwrap();
    let run = RunId::new("run").unwrap();
    store.insert(&Key::run(&run), "{}".into()).await.unwrap();
    for strange in ["runs/@eaDir", "runs/.Trash-0", "generations/a copy of s"] {
        fs::create_dir_all(folder.path().join(strange)).unwrap();
        fs::write(folder.path().join(strange).join("x"), "x").unwrap();
    }
    assert_eq!(store.runs().await.unwrap(), [run]);
    assert_eq!(store.sources().await.unwrap(), []);
}

#[tokio::test]
async fn a_file_that_only_resembles_a_half_made_store_is_foreign() {
    for name in ["formats.txt", "format#x", "format.bak"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), "").unwrap();
        let opened = ObjectStore::open_folder(folder.path()).await;
        assert!(matches!(opened, Err(StoreError::Refused(_))), "{name}: {opened:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("format#1"), "").unwrap();
    assert!(ObjectStore::open_folder(folder.path()).await.is_ok(), "its maker was killed");
}

#[tokio::test]
async fn a_missing_store_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = ObjectStore::open_existing_folder(&missing).await.unwrap_err().to_string();
    assert!(error.contains(missing.to_str().unwrap()), "{error}");
    assert!(error.contains("trendjob run") && error.contains("--store"), "{error}");
    assert!(!missing.exists(), "reading makes nothing");
}

#[tokio::test]
async fn a_removal_that_was_cut_short_is_found_and_finished() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::open_folder(folder.path()).await.unwrap();
    let run = RunId::new("run").unwrap();
    let attempt = AttemptId::new("a").unwrap();
    let key = BlockKey { run: run.clone(), stage: Stage::Etl, index: 0, attempt, name: "x".into() };
    for gone in [&["plan"][..], &["plan", "markers"], &["plan", "markers", "blocks", "run"]] {
        store.insert(&Key::run(&run), "{}".into()).await.unwrap();
        store.insert(&Key::plan(&run), "{}".into()).await.unwrap();
        store.insert(&Key::marker(&run, Stage::Etl, 0), "{}".into()).await.unwrap();
        store.put_block(&key, "x".into()).await.unwrap();
        for part in gone {
            let path = folder.path().join("runs/run").join(part);
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        }
        assert_eq!(store.runs().await.unwrap(), std::slice::from_ref(&run), "{gone:?}");
        store.remove_run(&run).await.unwrap();
        assert!(store.runs().await.unwrap().is_empty());
        assert!(!folder.path().join("runs/run").exists());
    }
}

#[tokio::test]
async fn a_removal_that_fails_has_removed_the_plan_first_and_keeps_the_record_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let store = ObjectStore::open_folder(folder.path()).await.unwrap();
    let run = RunId::new("run").unwrap();
    let keys = [Key::plan(&run), Key::marker(&run, Stage::Etl, 0), Key::run(&run)];
    for key in &keys {
        store.insert(key, "{}".into()).await.unwrap();
    }
    // A file can't be removed as a folder.
    let blocks = folder.path().join("runs/run/blocks");
    fs::write(&blocks, "x").unwrap();
    let error = store.remove_run(&run).await.unwrap_err().to_string();
    assert!(error.contains(blocks.to_str().unwrap()), "{error}");
    let mut left = Vec::new();
    for key in &keys {
        left.push(store.get(key).await.unwrap().is_some());
    }
    assert_eq!(left, [false, false, true]);
    fs::remove_file(&blocks).unwrap();
    store.remove_run(&run).await.unwrap();
    assert!(store.runs().await.unwrap().is_empty());
}
