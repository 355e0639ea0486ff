//! The errors that stop a stage. Owns their reasons and the distinction between permanent errors
//! and those that a retry may cure; every message names the action, its object and the remedy.

use std::fmt::Display;
use std::path::PathBuf;

use store::{RunId, Stage, StoreError};
use trends::detail::DetailError;

/// An error that stops a stage.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The user's input or settings can't be used, now or later.
    #[error("{0}")]
    Input(String),
    /// An input file can't be read.
    #[error("reading {path}{}", at(*offset))]
    Read {
        /// The file.
        path: PathBuf,
        /// The offset of the failure in bytes, if it is known.
        offset: Option<u64>,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Compressed data ends early or is damaged.
    #[error("decompressing {path} failed after {decompressed} bytes of output: {what}")]
    Compression {
        /// The file.
        path: PathBuf,
        /// Number of bytes decompressed before the error.
        decompressed: u64,
        /// The decoder's error and what would be right.
        what: String,
    },
    /// A file has changed since it was planned.
    #[error(
        "{path} changed while the run read it ({what}): start a new run, and let writers replace files instead of changing them"
    )]
    SourceChanged {
        /// The file.
        path: PathBuf,
        /// The difference.
        what: String,
    },
    /// Too many lines are malformed.
    #[error("{0}")]
    TooManyMalformed(String),
    /// The attempt was started for another plan.
    #[error("run {run} has plan {stored}, this attempt was started for plan {expected}")]
    PlanMismatch {
        /// The run.
        run: String,
        /// The hash of the stored plan.
        stored: String,
        /// The hash that the attempt was given.
        expected: String,
    },
    /// The plan was made by a build that finds other words.
    #[error(
        "run {run} cuts text into words by {planned}, this program by {ours}: start every program of a run from the same image, or begin the run again"
    )]
    SegmentationMismatch {
        /// The run.
        run: String,
        /// The segmentation that the plan names.
        planned: String,
        /// The segmentation of this program.
        ours: String,
    },
    /// The failed shards that the attempt was given differ from those of an earlier stage.
    #[error(
        "partition {partition} of run {run} was aggregated without the shards {stored:?}, this attempt was started without {expected:?}"
    )]
    ShardsMismatch {
        /// The run.
        run: String,
        /// The partition.
        partition: usize,
        /// The failed shards that its marker names.
        stored: Vec<u32>,
        /// The failed shards that the attempt was given.
        expected: Vec<u32>,
    },
    /// A later run of the source published first; nothing is left to do.
    #[error(
        "a run of {source_name} that was started later has published generation {generation} already; this run's result is not needed"
    )]
    Superseded {
        /// The source.
        source_name: String,
        /// The newest generation.
        generation: u64,
    },
    /// The run was removed.
    #[error(
        "run {run} was removed: it was purged, a later run was published long ago, or `trendjob gc` removed it; nothing is left to do"
    )]
    Removed {
        /// The run.
        run: String,
    },
    /// A plan or marker of an earlier stage is missing.
    #[error("run {run} has no {what} yet: the stage before has not finished")]
    NotReady {
        /// The run.
        run: String,
        /// The plan or the markers.
        what: String,
    },
    /// The plan has no such index.
    #[error("{stage} index {index} is outside the plan, which has {count}")]
    OutsidePlan {
        /// The stage.
        stage: Stage,
        /// The index.
        index: u32,
        /// Number of indexes in the plan.
        count: usize,
    },
    /// Temporary files can't be written or read.
    #[error("spilling sorted runs to {path}: free some space there or raise the memory limit")]
    Spill {
        /// The folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file for malformed lines can't be written.
    #[error("writing the rejects to {path}")]
    Rejects {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The store failed, or holds damaged data.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The detail of a row can't be decoded. `Error::with_blocks` names the blocks.
    #[error("the detail of a row is damaged: {0}")]
    Detail(#[from] DetailError),
    /// The user or the system stopped the run.
    #[error("stopped before the end; what was published before is unchanged")]
    Cancelled,
    /// A thread panicked.
    #[error("a worker thread panicked: this is a defect of trendjob, please report it")]
    Panicked,
    /// The program contradicts itself.
    #[error("{0}: this is a defect of trendjob, please report it")]
    Defect(&'static str),
}

fn at(offset: Option<u64>) -> String {
    offset.map_or_else(String::new, |offset| format!(" at byte {offset}"))
}

/// Number of missing indexes that a message names.
const NAMED: usize = 20;

impl Error {
    /// The error for stored data that is invalid although its checksum matches.
    pub(crate) fn damaged(key: impl Display, what: impl Display) -> Self {
        StoreError::damaged(&key, &what).into()
    }

    /// Names the blocks that a row with a damaged detail came from.
    #[must_use]
    pub(crate) fn with_blocks(self, blocks: impl Display) -> Self {
        match self {
            Self::Detail(error) => Self::damaged(blocks, error),
            error => error,
        }
    }

    /// The error for missing markers. `what` is the word for one index.
    pub(crate) fn not_ready(run: &RunId, what: &str, missing: &[u32]) -> Self {
        let mut named: Vec<_> = missing.iter().take(NAMED).map(ToString::to_string).collect();
        if missing.len() > NAMED {
            named.push(format!("and {} more", missing.len() - NAMED));
        }
        let plural = if missing.len() == 1 { "" } else { "s" };
        let what = format!("marker of {what}{plural} {}", named.join(", "));
        Self::NotReady { run: run.to_string(), what }
    }

    /// One word for events, metrics and JSON.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Input(_) => "InvalidInput",
            Self::Read { .. } => "ReadFailed",
            Self::Compression { .. } => "DamagedCompression",
            Self::SourceChanged { .. } => "SourceChanged",
            Self::TooManyMalformed(_) => "TooManyMalformed",
            Self::PlanMismatch { .. }
            | Self::SegmentationMismatch { .. }
            | Self::ShardsMismatch { .. } => "PlanMismatch",
            Self::Superseded { .. } => "Superseded",
            Self::Removed { .. } => "RunRemoved",
            Self::NotReady { .. } => "NotReady",
            Self::OutsidePlan { .. } => "OutsidePlan",
            Self::Spill { .. } => "SpillFailed",
            Self::Rejects { .. } => "RejectsFailed",
            Self::Store(StoreError::Full { .. }) => "StoreFull",
            Self::Store(StoreError::Denied { .. }) => "StoreDenied",
            Self::Store(
                StoreError::Damaged { .. } | StoreError::Missing { .. } | StoreError::LostEntry(_),
            )
            | Self::Detail(_) => "StoreDamaged",
            Self::Store(StoreError::Newer { .. }) => "StoreNewer",
            Self::Store(StoreError::Refused(_)) => "Refused",
            Self::Store(_) => "StoreFailed",
            Self::Cancelled => "Cancelled",
            Self::Panicked => "Panicked",
            Self::Defect(_) => "Defect",
        }
    }

    /// Returns true if the run may still finish when it is resumed.
    pub fn is_resumable(&self) -> bool {
        !self.is_permanent() && !matches!(self, Self::Superseded { .. })
    }

    /// Returns true if a retry without any change can't help. Damage and defects are permanent: the
    /// next attempt reads the same bytes with the same program.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Input(_)
            | Self::Compression { .. }
            | Self::SourceChanged { .. }
            | Self::TooManyMalformed(_)
            | Self::PlanMismatch { .. }
            | Self::SegmentationMismatch { .. }
            | Self::ShardsMismatch { .. }
            | Self::Removed { .. }
            | Self::OutsidePlan { .. }
            | Self::Detail(_)
            | Self::Defect(_) => true,
            Self::Read { source, .. } => matches!(
                source.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied
            ),
            Self::Store(error) => matches!(
                error,
                StoreError::Newer { .. }
                    | StoreError::Damaged { .. }
                    | StoreError::LostEntry(_)
                    | StoreError::Denied { .. }
                    | StoreError::Name(_)
                    | StoreError::Refused(_)
            ),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_and_defects_are_permanent_and_have_words_of_their_own() {
        let defect = Error::Defect("a block can't be encoded");
        assert_eq!((defect.reason(), defect.is_permanent()), ("Defect", true));
        assert!(defect.to_string().contains("please report it"));
        let detail = Error::from(DetailError { at: 3, what: "a form without a length" })
            .with_blocks("runs/r/blocks/etl");
        assert_eq!((detail.reason(), detail.is_permanent()), ("StoreDamaged", true));
        assert!(detail.to_string().starts_with("runs/r/blocks/etl is damaged"), "{detail}");
    }

    #[test]
    fn a_message_names_twenty_missing_indexes_and_counts_the_rest() {
        let run = RunId::new("r").unwrap();
        let one = Error::not_ready(&run, "shard", &[7]).to_string();
        assert_eq!(one, "run r has no marker of shard 7 yet: the stage before has not finished");
        let many: Vec<u32> = (0..23).collect();
        let many = Error::not_ready(&run, "shard", &many).to_string();
        assert!(many.contains("shards 0, 1, ") && many.contains(", 19, and 3 more"), "{many}");
    }
}
