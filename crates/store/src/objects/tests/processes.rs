//! Real processes on one folder, killed at any moment. The writer is this test binary, started
//! again with a folder to write to.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::*;
use crate::RunLock;

/// The environment variable that names the writer's folder.
const FOLDER: &str = "STORE_TEST_WRITER_FOLDER";

/// The size of a value, which takes several system calls to write.
const SIZE: usize = 256 << 10;

fn run() -> RunId {
    RunId::new("run").unwrap()
}

fn value(number: u32) -> Bytes {
    Bytes::from(vec![number as u8; SIZE])
}

fn block(number: u32) -> BlockKey {
    let attempt = AttemptId::new("a").unwrap();
    let name = format!("block-{number}");
    BlockKey { run: run(), stage: Stage::Etl, index: 0, attempt, name }
}

/// The body of the child processes below.
#[tokio::test]
#[ignore = "writes until it is killed: other tests start it as a process"]
async fn writer() {
    let folder = std::env::var_os(FOLDER).expect("a test starts this with a folder");
    let folder = Path::new(&folder);
    let store = ObjectStore::open_folder(folder).await.unwrap();
    let lock = RunLock::acquire(folder, &run()).unwrap();
    let mut out = io::stdout();
    writeln!(out, "\nlocked {}", u32::from(lock.is_some())).unwrap();
    for number in 0.. {
        store.put_block(&block(number), value(number)).await.unwrap();
        store.insert(&Key::marker(&run(), Stage::Etl, number), value(number)).await.unwrap();
        writeln!(out, "stored {number}").unwrap();
        out.flush().unwrap();
    }
}

/// A writer and its output so far.
struct Writer {
    child: Child,
    lines: io::Lines<BufReader<ChildStdout>>,
}

impl Writer {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "objects::tests::processes::writer", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The number of the next line that begins with a word; `None` when the writer is dead.
    fn next(&mut self, word: &str) -> Option<u32> {
        let mut lines = self.lines.by_ref().map(|line| line.unwrap());
        lines.find_map(|line| line.strip_prefix(word)?.trim().parse().ok())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Checks the values of a killed writer: whole values only, and all that it reported.
async fn check(folder: &Path, stored: Option<u32>) {
    let store = ObjectStore::open_existing_folder(folder).await.unwrap();
    let stored = stored.map_or(0, |last| last + 1);
    // The writer is at most one value ahead of its output.
    for number in 0..stored + 4 {
        let marker = store.get(&Key::marker(&run(), Stage::Etl, number)).await.unwrap();
        let kept = store.get_block(&block(number)).await;
        assert!(marker.is_some() || number >= stored, "{number} was reported as stored");
        assert!(marker.is_none_or(|marker| marker == value(number)), "{number} is whole");
        match kept {
            Ok(bytes) => assert_eq!(bytes, value(number)),
            Err(error) => assert!(matches!(error, StoreError::Missing { .. }) && number >= stored),
        }
    }
}

#[tokio::test]
async fn a_writer_that_is_killed_leaves_whole_values_only() {
    for rounds in 1..=8 {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::start(folder.path());
        assert_eq!(writer.next("locked"), Some(1));
        let mut stored = None;
        for _ in 0..rounds {
            stored = writer.next("stored");
        }
        // It is writing the next value now.
        writer.child.kill().unwrap();
        while let Some(number) = writer.next("stored") {
            stored = Some(number);
        }
        writer.child.wait().unwrap();
        assert!(stored.is_some());
        check(folder.path(), stored).await;
        assert!(RunLock::is_free(folder.path(), &run()).unwrap(), "the kernel released the lock");
        // Another writer continues in that folder, over half-written files.
        let mut second = Writer::start(folder.path());
        assert_eq!(second.next("locked"), Some(1));
        let end = stored.map_or(2, |stored| stored + 2);
        while second.next("stored").expect("it goes on until it is killed") < end {}
        drop(second);
        check(folder.path(), Some(end)).await;
    }
}

#[tokio::test]
async fn a_run_is_locked_by_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Writer::start(folder.path());
    assert_eq!(first.next("locked"), Some(1));
    assert!(!RunLock::is_free(folder.path(), &run()).unwrap());
    assert!(RunLock::acquire(folder.path(), &run()).unwrap().is_none());
    // Two writers of the same keys store the same values.
    let mut second = Writer::start(folder.path());
    assert_eq!(second.next("locked"), Some(0));
    let mut stored = None;
    for _ in 0..6 {
        stored = second.next("stored");
    }
    drop(second);
    drop(first);
    check(folder.path(), stored).await;
    assert!(RunLock::acquire(folder.path(), &run()).unwrap().is_some());
}
