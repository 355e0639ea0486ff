//! What can stop a stage. Owns the reasons and whether a retry can help; every message says what
//! was being done, to what, and what would be right.

use std::path::PathBuf;

use store::{RunId, Stage, StoreError};
use trends::detail::DetailError;

/// A stage that stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the user gave can't be read as records, and won't be by trying again.
    #[error("{0}")]
    Input(String),
    /// An input file can't be read.
    #[error("reading {path}{}", at(*offset))]
    Read {
        /// The file.
        path: PathBuf,
        /// Where in it, in bytes, if it was opened.
        offset: Option<u64>,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Compressed data ends early or is damaged.
    #[error("decompressing {path} failed after {decompressed} bytes of output: {what}")]
    Compression {
        /// The file.
        path: PathBuf,
        /// How much came out before.
        decompressed: u64,
        /// What the decoder said and what would be right.
        what: String,
    },
    /// A file is not the one that was planned.
    #[error(
        "{path} changed while the run read it ({what}): start a new run, and let writers replace files instead of changing them"
    )]
    SourceChanged {
        /// The file.
        path: PathBuf,
        /// How.
        what: String,
    },
    /// Too many lines are no records.
    #[error("{0}")]
    TooManyMalformed(String),
    /// The attempt was started for another plan.
    #[error("run {run} has plan {stored}, this attempt was started for plan {expected}")]
    PlanMismatch {
        /// The run.
        run: String,
        /// The hash of the stored plan.
        stored: String,
        /// The hash that was asked for.
        expected: String,
    },
    /// A later run of the source published first; there is nothing left to do.
    #[error(
        "a run of {source_name} that was started later has published generation {generation} already; this run's result is not needed"
    )]
    Superseded {
        /// The source.
        source_name: String,
        /// The newest generation.
        generation: u64,
    },
    /// The run is no more.
    #[error(
        "run {run} was removed: it was purged, or a later run was published long ago; nothing is left to do"
    )]
    Removed {
        /// The run.
        run: String,
    },
    /// What an earlier stage must have left isn't there.
    #[error("run {run} has no {what} yet: the stage before has not finished")]
    NotReady {
        /// The run.
        run: String,
        /// Which marker or plan.
        what: String,
    },
    /// An index that the plan doesn't have.
    #[error("{stage} index {index} is outside the plan, which has {count}")]
    OutsidePlan {
        /// The stage.
        stage: Stage,
        /// The index.
        index: u32,
        /// How many there are.
        count: usize,
    },
    /// Temporary files can't be written or read.
    #[error("spilling sorted runs to {path}: free some space there or raise the memory limit")]
    Spill {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file for malformed lines can't be written.
    #[error("writing the rejects to {path}")]
    Rejects {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The user or the system asked to stop.
    #[error("stopped before the end; what was published before is unchanged")]
    Cancelled,
    /// A thread ended in a way that is a defect of this program.
    #[error("a worker thread panicked: this is a defect of trendjob, please report it")]
    Panicked,
}

/// The checksums of blocks fit, so what wrote the detail is to blame, and will be again.
impl From<DetailError> for Error {
    fn from(error: DetailError) -> Self {
        Self::Input(format!("a row of a partial has a damaged detail: {error}"))
    }
}

fn at(offset: Option<u64>) -> String {
    offset.map_or_else(String::new, |offset| format!(" at byte {offset}"))
}

/// How many missing indexes a message names.
const NAMED: usize = 20;

impl Error {
    /// That markers are missing.
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
            Self::PlanMismatch { .. } => "PlanMismatch",
            Self::Superseded { .. } => "Superseded",
            Self::Removed { .. } => "RunRemoved",
            Self::NotReady { .. } => "NotReady",
            Self::OutsidePlan { .. } => "OutsidePlan",
            Self::Spill { .. } => "SpillFailed",
            Self::Rejects { .. } => "RejectsFailed",
            Self::Store(StoreError::Full { .. }) => "StoreFull",
            Self::Store(StoreError::Denied { .. }) => "StoreDenied",
            Self::Store(StoreError::Damaged { .. } | StoreError::Missing { .. }) => "StoreDamaged",
            Self::Store(StoreError::Newer { .. }) => "StoreNewer",
            Self::Store(StoreError::Refused(_)) => "Refused",
            Self::Store(_) => "StoreFailed",
            Self::Cancelled => "Cancelled",
            Self::Panicked => "Panicked",
        }
    }

    /// Whether the same run, continued later, may come to its end.
    pub fn is_resumable(&self) -> bool {
        !self.is_permanent() && !matches!(self, Self::Superseded { .. })
    }

    /// Whether trying again without changing anything can't help.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Input(_)
            | Self::Compression { .. }
            | Self::SourceChanged { .. }
            | Self::TooManyMalformed(_)
            | Self::PlanMismatch { .. }
            | Self::Removed { .. }
            | Self::OutsidePlan { .. } => true,
            Self::Read { source, .. } => matches!(
                source.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied
            ),
            Self::Store(error) => matches!(
                error,
                StoreError::Newer { .. }
                    | StoreError::Damaged { .. }
                    | StoreError::Denied { .. }
                    | StoreError::Name(_)
                    | StoreError::Refused(_)
            ),
            _ => false,
        }
    }
}
