//! Rounds of processes that change one source at the same time: two purges, a rollback beside a
//! purge, two publishers beside their clean-ups and a purge. A reader polls meanwhile. After each
//! round every result can be read, and nothing is left of the removed runs.
//!
//! The seed is printed; `TRENDJOB_TEST_SEED` repeats it, and `TRENDJOB_TEST_ROUNDS` is the number
//! of rounds of each sort.

use std::collections::VecDeque;
use std::env;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use store::view::answer_newest;
use store::{MongoStore, ObjectStore, RunId, SourceName, Store, StoreError, View, generations};
use tokio::time::Instant;
use trends::Kind;

use crate::cluster::{Cluster, Shared, mongo_options};
use crate::schedules::{Dice, number};

/// The variable that makes this test binary a process that rolls a source back.
const ROLLBACK: &str = "TRENDJOB_TEST_ROLLBACK";

/// The longest delay between the beginnings of two processes, in milliseconds.
const SPREAD: u64 = 30;

/// The time for which a reader keeps a result open before it reads it: the API looks up the newest
/// one after a second.
const KEPT: Duration = Duration::from_secs(1);

/// The pause of a reader between two reads, so that several of these tests fit on one machine.
const PAUSE: Duration = Duration::from_millis(5);

/// The body of the processes that roll back: `trendjob rollback` belongs to another package.
#[test]
#[ignore = "changes a store: other tests start it as a process"]
fn roll_back() {
    let named = env::var_os(ROLLBACK).expect("a test starts this with a store and a source");
    let named = named.into_string().unwrap();
    let (shared, source) = named.rsplit_once(' ').unwrap();
    let shared = match shared.split_once(' ') {
        Some((uri, database)) => {
            Shared::Mongo { uri: uri.to_owned(), database: database.to_owned() }
        }
        None => Shared::Folder(shared.into()),
    };
    let source = SourceName::new(source).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = open(&shared).await;
        // The run may be removed by now, and then it is refused.
        match generations::rollback(&*store, &source, 1, "").await {
            Ok(_) | Err(StoreError::Refused(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    });
}

async fn open(shared: &Shared) -> Arc<dyn Store> {
    match shared {
        Shared::Folder(folder) => Arc::new(ObjectStore::open_folder(folder).await.unwrap()),
        Shared::Mongo { uri, database } => {
            Arc::new(MongoStore::open(&mongo_options(uri, database)).await.unwrap())
        }
    }
}

fn start_rollback(shared: &Shared, source: &str) -> Child {
    let shared = match shared {
        Shared::Folder(folder) => folder.display().to_string(),
        Shared::Mongo { uri, database } => format!("{uri} {database}"),
    };
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "rounds::roll_back", "--ignored"])
        .env(ROLLBACK, format!("{shared} {source}"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Ends the reader when dropped.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A store and its rounds, each of a source and TrendJobs of its own.
struct Rounds {
    /// Two TrendJobs over one store.
    pair: [Cluster; 2],
    store: Arc<dyn Store>,
    dice: Dice,
    round: u64,
    reads: AtomicU64,
}

impl Rounds {
    fn new(shared: Option<Shared>, seed: u64) -> Self {
        let mut one = Cluster::new(shared, 0, 1, 1);
        one.config.spec.sharding.chunk_size = "1Mi".parse().unwrap();
        one.config.spec.sink.mongodb.documents = 3;
        let mut two = Cluster::sharing(&one);
        two.config.spec = one.config.spec.clone();
        for (cluster, word) in [(&one, "one"), (&two, "two")] {
            for file in cluster.data().read_dir().unwrap() {
                std::fs::remove_file(file.unwrap().path()).unwrap();
            }
            let text = format!("{{\"text\":\"{word} common words\"}}\n");
            std::fs::write(cluster.data().join("in.ndjson"), text).unwrap();
        }
        let store = one.store();
        Self { pair: [one, two], store, dice: Dice(seed), round: 0, reads: AtomicU64::new(0) }
    }

    /// Begins a round: two TrendJobs publish the source one after the other.
    fn next(&mut self) -> SourceName {
        self.round += 1;
        let name = format!("source-{}", self.round);
        for (number, cluster) in self.pair.iter_mut().enumerate() {
            cluster.config.spec.source.clone_from(&name);
            cluster.config.uid = format!("{number}0000000-0000-0000-0000-{:012}", self.round);
            cluster.config.restart = 0;
            cluster.pod("plan", &[]).run().done().result.expect("the plan pod published");
        }
        SourceName::new(&name).unwrap()
    }

    /// Reads the source again and again while `work` goes on: results that were opened just now, and
    /// results that were opened as long ago as those that the API may still show.
    fn polled(&self, source: &SourceName, work: impl FnOnce()) {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let (mut opened, mut failed) = (VecDeque::new(), Vec::new());
                while !done.load(Ordering::SeqCst) {
                    match self.pair[0].wait(View::newest(&self.store, source, None)) {
                        Ok(view) => opened.extend(view.map(|view| (Instant::now(), view))),
                        Err(error) => failed.push(error),
                    }
                    let due = |(at, _): &(Instant, Arc<View>)| at.elapsed() >= KEPT;
                    let kept = opened.front().is_some_and(due).then(|| opened.pop_front());
                    let kept = kept.flatten().map(|(_, view)| view);
                    failed.extend(self.read_from(source, kept.as_ref()).err());
                    self.reads.fetch_add(1, Ordering::Relaxed);
                    thread::park_timeout(PAUSE);
                }
                failed
            });
            // Also if the work panics: the scope waits for the reader.
            let end = Done(&done);
            work();
            drop(end);
            let failed = reader.join().unwrap();
            assert!(failed.is_empty(), "round {}: {failed:?}", self.round);
        });
    }

    /// Reads the first word of the visible result.
    fn read(&self, source: &SourceName) -> Result<Option<String>, StoreError> {
        self.read_from(source, None)
    }

    /// Reads the first word of a result that was opened before, or of the newest one. If the run was
    /// removed meanwhile, looks again, once, as the API does.
    fn read_from(
        &self,
        source: &SourceName,
        opened: Option<&Arc<View>>,
    ) -> Result<Option<String>, StoreError> {
        let look = |incomplete: Option<Arc<View>>| {
            let opened = opened.filter(|_| incomplete.is_none()).cloned();
            async move {
                match opened {
                    None => View::newest(&self.store, source, None).await,
                    opened => Ok(opened),
                }
            }
        };
        let answer = |view: Arc<View>| async move {
            let topics = view.ranked(Kind::Word, 0, 1).await?;
            Ok(topics[0].term.clone())
        };
        self.pair[0].wait(answer_newest(look, answer, StoreError::is_missing))
    }

    /// The runs of this round with data in the store.
    fn left(&self) -> Vec<RunId> {
        let runs = self.pair[0].wait(self.store.runs()).unwrap();
        let end = format!("{:012}", self.round);
        let is_ours =
            |run: &RunId| run.as_str().rsplit_once('-').is_some_and(|(uid, _)| uid.ends_with(&end));
        runs.into_iter().filter(is_ours).collect()
    }

    /// Purges both TrendJobs, and checks that no run and no result is left.
    fn end(&self, source: &SourceName) {
        for cluster in &self.pair {
            cluster.purge(&[]).run().done();
        }
        assert_eq!(self.left(), [], "round {}", self.round);
        assert_eq!(self.read(source).unwrap(), None, "round {}", self.round);
    }

    fn two_purges(&mut self) {
        let source = self.next();
        let spread = self.dice.roll(SPREAD);
        self.polled(&source, || {
            let first = self.pair[1].purge(&[]).start();
            thread::park_timeout(Duration::from_millis(spread));
            let second = self.pair[0].purge(&[]).start();
            first.end().done();
            second.end().done();
        });
        assert_eq!(self.read(&source).unwrap(), None, "round {}", self.round);
        assert_eq!(self.left(), [], "round {}", self.round);
    }

    fn a_rollback_beside_a_purge(&mut self) {
        let source = self.next();
        let spread = self.dice.roll(SPREAD);
        self.polled(&source, || {
            let mut rollback = start_rollback(&self.pair[0].shared, source.as_str());
            thread::park_timeout(Duration::from_millis(spread));
            let purge = self.pair[0].purge(&[]).start();
            purge.end().done();
            assert!(rollback.wait().unwrap().success(), "round {}", self.round);
        });
        assert_eq!(self.read(&source).unwrap().as_deref(), Some("common"));
        let shown = self.pair[0].wait(View::newest(&self.store, &source, None)).unwrap().unwrap();
        assert!(shown.generation().run.as_str().starts_with('1'), "round {}", self.round);
        let left = self.left();
        assert_eq!(left, [shown.generation().run.clone()], "round {}", self.round);
        self.end(&source);
    }

    fn publishers_beside_their_clean_ups_and_a_purge(&mut self) {
        let source = self.next();
        let spread = [self.dice.roll(SPREAD), self.dice.roll(SPREAD)];
        for cluster in &mut self.pair {
            cluster.config.spec.sink.retention.runs = 1;
            cluster.config.spec.sink.retention.grace = "0s".parse().unwrap();
            cluster.restart();
        }
        self.polled(&source, || {
            let first = self.pair[0].pod("plan", &[]).start();
            thread::park_timeout(Duration::from_millis(spread[0]));
            let second = self.pair[1].pod("plan", &[]).start();
            thread::park_timeout(Duration::from_millis(spread[1]));
            let purge = self.pair[0].purge(&[]).start();
            purge.end().done();
            // Its run is purged while it works: it may end as published, as purged or as removed.
            first.end();
            second.end().done();
        });
        assert_eq!(self.read(&source).unwrap().as_deref(), Some("common"));
        self.end(&source);
    }
}

#[expect(clippy::print_stderr, reason = "the seed repeats a failure")]
fn rounds(shared: Option<Shared>) {
    let seed = number("TRENDJOB_TEST_SEED", u64::from(std::process::id()));
    let count = number("TRENDJOB_TEST_ROUNDS", 4);
    eprintln!("seed {seed}, {count} rounds of each sort");
    let mut rounds = Rounds::new(shared, seed);
    for _ in 0..count {
        rounds.two_purges();
        rounds.a_rollback_beside_a_purge();
        rounds.publishers_beside_their_clean_ups_and_a_purge();
    }
    let reads = rounds.reads.load(Ordering::Relaxed);
    eprintln!("{reads} reads, none failed");
    assert!(reads >= count, "the reader read");
}

#[test]
fn processes_that_change_a_source_at_once_leave_it_readable_in_a_folder() {
    rounds(None);
}

#[testing::needs(mongodb)]
#[test]
fn processes_that_change_a_source_at_once_leave_it_readable_in_mongodb() {
    rounds(Some(Shared::mongo("rounds")));
}
