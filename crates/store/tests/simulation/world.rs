//! The store in memory that every actor of a simulation shares. Each operation waits for its turn
//! first, so the scheduler decides the order of all operations. Owns the values, the clock and the
//! trace; knows no protocol.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use bytes::Bytes;
use store::{BlockKey, Insertion, Key, Log, RunId, SourceName, Stage, Store, StoreError};

use crate::invariants::{self, Values};
use crate::mutations::{Memory, Mutation};

/// The state that all actors share.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) values: BTreeMap<String, Bytes>,
    /// Seconds since the epoch.
    pub(crate) clock: u64,
    /// The operations so far: actor and operation.
    pub(crate) trace: Vec<(usize, String)>,
    /// The first broken rule of the store's users, which a later step can't mend.
    pub(crate) broken: Option<String>,
    /// True if the actor whose turn it is may do its next operation.
    pub(crate) is_granted: bool,
    /// True if a value has changed since the invariants were checked.
    pub(crate) has_changed: bool,
    /// The operation that each actor waits for.
    pub(crate) pending: Vec<String>,
    /// True if time passed between the choice of the time of an entry and its insert.
    pub(crate) has_stale_entries: bool,
}

impl World {
    /// Returns the operation that an actor waits for.
    pub(crate) fn pending(&self, actor: usize) -> &str {
        self.pending.get(actor).map_or("", String::as_str)
    }
}

/// One actor's handle of the world.
#[derive(Debug)]
pub(crate) struct SimStore {
    world: Arc<Mutex<World>>,
    actor: usize,
    memory: Mutex<Memory>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl SimStore {
    pub(crate) fn new(world: &Arc<Mutex<World>>, actor: usize, mutation: Mutation) -> Self {
        Self { world: Arc::clone(world), actor, memory: Mutex::new(Memory::new(mutation)) }
    }

    pub(crate) fn now(&self) -> u64 {
        lock(&self.world).clock
    }

    /// Returns true if the TrendJob of a run is purged.
    pub(crate) fn is_purged(&self, run: &RunId) -> bool {
        Values(&lock(&self.world).values).is_purged(run.as_str())
    }

    /// Returns true if a run is retired or purged.
    pub(crate) fn is_marked(&self, run: &RunId) -> bool {
        Values(&lock(&self.world).values).is_marked(run.as_str())
    }

    /// Returns the runs that began after a time, in seconds since the epoch, and will begin.
    pub(crate) fn begun_after(&self, time: u64) -> BTreeSet<String> {
        Values(&lock(&self.world).values).begun_after(time)
    }

    pub(crate) fn has_stale_entries(&self) -> bool {
        lock(&self.world).has_stale_entries
    }

    /// Lets time pass.
    pub(crate) async fn wait(&self, seconds: u64) {
        if lock(&self.memory).mutation == Mutation::NoWaitForReaders {
            return;
        }
        let end = self.now() + seconds;
        self.step("wait".to_owned(), |world, _| world.clock = world.clock.max(end)).await;
    }

    /// Notes a broken rule.
    pub(crate) fn broken(&self, why: String) {
        lock(&self.world).broken.get_or_insert(why);
    }

    /// Waits until the scheduler grants an operation. Of several operations that an actor has under
    /// way, one is granted in a turn.
    async fn turn(&self) {
        poll_fn(|context| {
            if std::mem::take(&mut lock(&self.world).is_granted) {
                return Poll::Ready(());
            }
            // A stream that buffers operations polls only those that were woken.
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Does an operation in one turn.
    async fn step<T>(&self, what: String, act: impl FnOnce(&mut World, &mut Memory) -> T) -> T {
        if let Some(pending) = lock(&self.world).pending.get_mut(self.actor) {
            pending.clone_from(&what);
        }
        self.turn().await;
        let mut world = lock(&self.world);
        world.trace.push((self.actor, what));
        act(&mut world, &mut lock(&self.memory))
    }

    /// Removes all values whose keys begin with a prefix.
    async fn remove(&self, prefix: String) {
        self.step(format!("remove {prefix}"), move |world, memory| {
            memory.removes(world);
            world.has_changed = true;
            let below = world.values.range(prefix.clone()..).map(|(key, _)| key);
            let below: Vec<_> = below.take_while(|key| key.starts_with(&prefix)).cloned().collect();
            for key in &below {
                world.values.remove(key);
            }
        })
        .await;
    }
}

#[async_trait::async_trait]
impl Store for SimStore {
    async fn insert(&self, key: &Key, value: Bytes) -> Result<Insertion, StoreError> {
        let key = key.to_string();
        Ok(self
            .step(format!("insert {key}"), move |world, memory| {
                if let Some(present) = world.values.get(&key) {
                    return Insertion::Present(present.clone());
                }
                if memory.inserts(&key, &value) {
                    world.has_changed = true;
                    world.has_stale_entries |= invariants::is_stale(&key, &value, world.clock);
                    world.values.insert(key, value);
                }
                Insertion::Inserted
            })
            .await)
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, StoreError> {
        let key = key.to_string();
        Ok(self.step(format!("get {key}"), move |world, memory| memory.get(world, &key)).await)
    }

    async fn runs(&self) -> Result<Vec<RunId>, StoreError> {
        // As a database does it: the records first, then the data.
        let mut runs = Vec::new();
        for part in ["run", "plan", "markers/", "blocks/"] {
            let found = self
                .step(format!("list {part}"), move |world, memory| {
                    memory.lists(world);
                    let below = world.values.keys().filter_map(|key| key.strip_prefix("runs/"));
                    let split = below.filter_map(|key| key.split_once('/'));
                    let of_part = split.filter(|(_, rest)| rest.starts_with(part));
                    of_part.filter_map(|(run, _)| RunId::new(run).ok()).collect::<Vec<_>>()
                })
                .await;
            runs.extend(found);
        }
        runs.sort();
        runs.dedup();
        Ok(runs)
    }

    async fn sources(&self) -> Result<Vec<SourceName>, StoreError> {
        let names =
            self.step("list sources".to_owned(), |world, _| Values(&world.values).sources());
        Ok(names.await.iter().filter_map(|name| SourceName::new(name).ok()).collect())
    }

    async fn put_block(&self, key: &BlockKey, bytes: Bytes) -> Result<(), StoreError> {
        let key = key.to_string();
        self.step(format!("put {key}"), move |world, _| {
            world.has_changed = true;
            world.values.insert(key, bytes);
        })
        .await;
        Ok(())
    }

    async fn get_block(&self, key: &BlockKey) -> Result<Bytes, StoreError> {
        let key = key.to_string();
        let found = self.step(format!("read {key}"), {
            let key = key.clone();
            move |world, _| world.values.get(&key).cloned()
        });
        found.await.ok_or(StoreError::Missing { key })
    }

    async fn highest(&self, log: Log, source: &SourceName) -> Result<u64, StoreError> {
        let log = format!("{}/{source}/", log.name());
        let highest = self.step(format!("highest {log}"), |world, memory| {
            let below = world.values.range(log.clone()..).map(|(key, _)| key);
            let below: Vec<_> = below.take_while(|key| key.starts_with(&log)).cloned().collect();
            let seen = below.iter().rev().find(|key| memory.get(world, key).is_some());
            seen.and_then(|key| key.strip_prefix(&log)?.parse().ok()).unwrap_or(0)
        });
        Ok(highest.await)
    }

    fn list(&self, _part: store::Part) -> store::Listing<'_> {
        // No process of a simulation lists keys.
        Box::pin(futures::stream::empty())
    }

    async fn remove_blocks(&self, run: &RunId, stage: Stage) -> Result<(), StoreError> {
        self.remove(format!("runs/{run}/blocks/{stage}/")).await;
        Ok(())
    }

    async fn remove_run(&self, run: &RunId) -> Result<(), StoreError> {
        let is_last = lock(&self.memory).mutation == Mutation::NoPlanFirst;
        let parts = if is_last {
            ["markers/", "blocks/", "plan", "run"]
        } else {
            ["plan", "markers/", "blocks/", "run"]
        };
        for part in parts {
            self.remove(format!("runs/{run}/{part}")).await;
        }
        Ok(())
    }
}
