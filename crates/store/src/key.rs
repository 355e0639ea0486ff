//! Names of what is stored. Owns the key layout, which every store shares; knows nothing of where
//! or how a store keeps it.
//!
//! ```text
//! runs/<run>/run                                        that the run exists: inserted first, removed last
//! runs/<run>/plan                                       its plan
//! runs/<run>/markers/<stage>/<index>                    the attempt that counts
//! runs/<run>/blocks/<stage>/<index>/<attempt>/<name>    pieces of data
//! starts/<source>/<n>                                   the run with start number n
//! generations/<source>/<n>                              the n-th published result
//! exclusions/<source>/<n>                               the n-th change of what is excluded
//! retired/<run>                                         that a run is about to be removed
//! ```
//!
//! Numbers are 20 digits, zero-padded, so that bytewise order is numeric order.

use std::fmt;

use serde::{Deserialize, Serialize};
use vocabulary::Stage;

/// A part of a key that came from outside and can't be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} {value:?} can't be part of a key: use 1 to 128 of a-z, A-Z, 0-9, '.', '_' and '-', not starting with '.'"
)]
pub struct InvalidName {
    /// What the name stands for: source, run or attempt.
    pub what: &'static str,
    /// The name as it was given.
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
    /// One pod's or process's try at a stage and index.
    AttemptId, "attempt"
);

/// The key of a small record that is inserted once and never changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// That a run exists.
    pub fn run(run: &RunId) -> Self {
        Self(format!("runs/{run}/run"))
    }

    /// The plan of a run.
    pub fn plan(run: &RunId) -> Self {
        Self(format!("runs/{run}/plan"))
    }

    /// The marker of a stage and index.
    pub fn marker(run: &RunId, stage: Stage, index: u32) -> Self {
        Self(format!("runs/{run}/markers/{stage}/{index:020}"))
    }

    /// The start number `n` of a source.
    pub fn start(source: &SourceName, n: u64) -> Self {
        Self(format!("starts/{source}/{n:020}"))
    }

    /// The generation `n` of a source.
    pub fn generation(source: &SourceName, n: u64) -> Self {
        Self(format!("generations/{source}/{n:020}"))
    }

    /// The change `n` of what is excluded of a source.
    pub fn exclusion(source: &SourceName, n: u64) -> Self {
        Self(format!("exclusions/{source}/{n:020}"))
    }

    /// That a run is retired.
    pub fn retired(run: &RunId) -> Self {
        Self(format!("retired/{run}"))
    }

    /// The key as text, parts joined by `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key of a block: an immutable piece of stored data of at most 1 MiB.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlockKey {
    /// The run it belongs to.
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
