//! The keys of stored values. Owns the key layout, which every store shares; knows nothing of where
//! or how a store keeps them.
//!
//! ```text
//! runs/<run>/run                                        its record: inserted first, removed last
//! runs/<run>/plan                                       its plan
//! runs/<run>/markers/<stage>/<index>                    the attempt that counts
//! runs/<run>/blocks/<stage>/<index>/<attempt>/<name>    pieces of data
//! starts/<source>/<n>                                   the run with start number n
//! generations/<source>/<n>                              the n-th published result
//! exclusions/<source>/<n>                               the n-th change of the exclusions
//! retired/<run>                                         the run is about to be removed
//! purged/<uid>                                          the runs of a deleted TrendJob are removed
//! ```
//!
//! Numbers are 20 digits, zero-padded, so that bytewise order is numeric order.

use std::fmt;

use serde::{Deserialize, Serialize};
use vocabulary::Stage;

/// A name from outside that can't be part of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} {value:?} can't be part of a key: use 1 to 128 of a-z, A-Z, 0-9, '.', '_' and '-', not starting with '.'"
)]
pub struct InvalidName {
    /// The part: source, run or attempt.
    pub what: &'static str,
    /// The name.
    pub value: String,
}

fn checked(what: &'static str, value: &str) -> Result<String, InvalidName> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let ok =
        (1..=128).contains(&value.len()) && !value.starts_with('.') && value.bytes().all(allowed);
    if ok { Ok(value.to_owned()) } else { Err(InvalidName { what, value: value.to_owned() }) }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Checks that the name can be part of a key.
            pub fn new(name: &str) -> Result<Self, InvalidName> {
                checked($what, name).map(Self)
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidName;

            fn try_from(name: String) -> Result<Self, Self::Error> {
                Self::new(&name)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }
    };
}

name!(
    /// The name results are published under.
    SourceName, "source"
);
name!(
    /// One execution: `<TrendJob uid>-<restart>` in a cluster, a `UUIDv7` on one machine.
    RunId, "run"
);
name!(
    /// One process's try at a stage and index.
    AttemptId, "attempt"
);
name!(
    /// The UID of a TrendJob. Its runs are named `<uid>-<restart>`.
    TrendJobUid, "uid"
);

impl RunId {
    /// Returns the UID of the TrendJob that a run of this name belongs to: the name without its
    /// last dash and what follows. A run of one machine belongs to no TrendJob, and no TrendJob has
    /// the UID that its name would give.
    pub fn uid(&self) -> Option<TrendJobUid> {
        let (uid, _) = self.0.rsplit_once('-')?;
        (!uid.is_empty()).then(|| TrendJobUid(uid.to_owned()))
    }
}

/// The key of a small value that is inserted once and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// The record of a run.
    Run(RunId),
    /// The plan of a run.
    Plan(RunId),
    /// The marker of a stage and index.
    Marker {
        /// The run.
        run: RunId,
        /// The stage.
        stage: Stage,
        /// The shard or partition, 0 for plan and publish.
        index: u32,
    },
    /// A number in a log of a source.
    Entry {
        /// The log.
        log: Log,
        /// The source.
        source: SourceName,
        /// The number, from 1.
        n: u64,
    },
    /// The mark that a run is about to be removed.
    Retired(RunId),
    /// The mark that all runs of a TrendJob are removed.
    Purged(TrendJobUid),
}

/// A log of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Log {
    /// The start numbers.
    Starts,
    /// The published results.
    Generations,
    /// The changes of the exclusions.
    Exclusions,
}

impl Log {
    /// The name in keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starts => "starts",
            Self::Generations => "generations",
            Self::Exclusions => "exclusions",
        }
    }
}

impl Key {
    /// The key of the record of a run.
    pub fn run(run: &RunId) -> Self {
        Self::Run(run.clone())
    }

    /// The key of the plan of a run.
    pub fn plan(run: &RunId) -> Self {
        Self::Plan(run.clone())
    }

    /// The key of the marker of a stage and index.
    pub fn marker(run: &RunId, stage: Stage, index: u32) -> Self {
        Self::Marker { run: run.clone(), stage, index }
    }

    /// The key of the start number `n` of a source.
    pub fn start(source: &SourceName, n: u64) -> Self {
        Self::Entry { log: Log::Starts, source: source.clone(), n }
    }

    /// The key of the generation `n` of a source.
    pub fn generation(source: &SourceName, n: u64) -> Self {
        Self::Entry { log: Log::Generations, source: source.clone(), n }
    }

    /// The key of the change `n` of the exclusions of a source.
    pub fn exclusion(source: &SourceName, n: u64) -> Self {
        Self::Entry { log: Log::Exclusions, source: source.clone(), n }
    }

    /// The key of the mark that a run is retired.
    pub fn retired(run: &RunId) -> Self {
        Self::Retired(run.clone())
    }

    /// The key of the mark that the runs of a TrendJob are purged.
    pub fn purged(uid: &TrendJobUid) -> Self {
        Self::Purged(uid.clone())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run) => write!(f, "runs/{run}/run"),
            Self::Plan(run) => write!(f, "runs/{run}/plan"),
            Self::Marker { run, stage, index } => {
                write!(f, "runs/{run}/markers/{stage}/{index:020}")
            }
            Self::Entry { log, source, n } => write!(f, "{}/{source}/{n:020}", log.name()),
            Self::Retired(run) => write!(f, "retired/{run}"),
            Self::Purged(uid) => write!(f, "purged/{uid}"),
        }
    }
}

/// The key of a block: an immutable piece of stored data of at most 1 MiB.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlockKey {
    /// The run.
    pub run: RunId,
    /// The stage that wrote it.
    pub stage: Stage,
    /// The shard or partition that wrote it, 0 for plan and publish.
    pub index: u32,
    /// The attempt that wrote it.
    pub attempt: AttemptId,
    /// Its name within the attempt, of `a-z`, `0-9` and `-`.
    pub name: String,
}

impl fmt::Display for BlockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, stage, index, attempt, name } = self;
        write!(f, "runs/{run}/blocks/{stage}/{index:020}/{attempt}/{name}")
    }
}
