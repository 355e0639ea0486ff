//! Disks that are full or read-only: real ones, which the test mounts.

use std::process::Command;

use super::*;

/// A small file system, unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let disk = Self(tempfile::tempdir().unwrap());
        assert!(mount(&["-t", "tmpfs", "-o", "size=2m", "tmpfs"], disk.path()), "mount failed");
        disk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.path()).output());
    }
}

fn mount(args: &[&str], at: &Path) -> bool {
    Command::new("mount").args(args).arg(at).output().is_ok_and(|mount| mount.status.success())
}

fn block(name: &str) -> BlockKey {
    let (run, attempt) = (RunId::new("run").unwrap(), AttemptId::new("a").unwrap());
    BlockKey { run, stage: Stage::Etl, index: 0, attempt, name: name.to_owned() }
}

#[testing::needs(mounts)]
#[tokio::test]
async fn a_full_disk_is_named_and_can_be_freed() {
    let disk = SmallDisk::mount();
    let store = ObjectStore::open_folder(disk.path()).await.unwrap();
    let bytes = Bytes::from(vec![7; 300 << 10]);
    let mut stored = 0;
    let error = loop {
        match store.put_block(&block(&format!("block-{stored}")), bytes.clone()).await {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(stored > 0);
    assert!(matches!(&error, StoreError::Full { .. }), "{error:?}");
    let named = disk.path().join(block(&format!("block-{stored}")).to_string());
    assert!(error.to_string().contains(named.to_str().unwrap()), "{error}");
    // The failed write left no file, and the store still opens, reads and removes.
    let store = ObjectStore::open_folder(disk.path()).await.unwrap();
    for number in 0..stored {
        let found = store.get_block(&block(&format!("block-{number}"))).await.unwrap();
        assert_eq!(found, bytes);
    }
    assert_eq!(fs::read_dir(named.parent().unwrap()).unwrap().count(), stored);
    store.remove_run(&RunId::new("run").unwrap()).await.unwrap();
    store.put_block(&block("fits"), bytes).await.unwrap();
}

#[testing::needs(mounts)]
#[tokio::test]
async fn a_read_only_store_is_readable_and_its_errors_name_it() {
    let disk = SmallDisk::mount();
    let store = ObjectStore::open_folder(disk.path()).await.unwrap();
    store.put_block(&block("x"), "x".into()).await.unwrap();
    assert!(mount(&["-o", "remount,ro"], disk.path()));
    for store in [
        ObjectStore::open_folder(disk.path()).await.unwrap(),
        ObjectStore::open_existing_folder(disk.path()).await.unwrap(),
    ] {
        assert_eq!(store.get_block(&block("x")).await.unwrap(), "x");
        let run = RunId::new("run").unwrap();
        let errors = [
            store.put_block(&block("y"), "y".into()).await.unwrap_err(),
            store.insert(&Key::plan(&run), "{}".into()).await.unwrap_err(),
            store.remove_run(&run).await.unwrap_err(),
            crate::RunLock::acquire(disk.path(), &run).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(&error, StoreError::Denied { .. }), "{error:?}");
            assert!(error.to_string().contains(disk.path().to_str().unwrap()), "{error}");
        }
    }
}
