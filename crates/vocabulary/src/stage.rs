//! The stages of a run. Owns their order and names; doesn't know what a stage does.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The worker's command that removes all runs of a TrendJob. It is not a stage: no run goes through
/// it.
pub const PURGE: &str = "purge";

/// A stage of a run. The variants are in the order in which a run does them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Lists objects, cuts chunks and stores the plan; carries a small run through all stages.
    Plan,
    /// Counts one shard per index.
    Etl,
    /// Merges one partition per index.
    Aggregate,
    /// Scores the topics of one partition per index, if the analysis needs more than counts.
    Score,
    /// Puts the rankings together and inserts the next generation.
    Publish,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 5] = [Self::Plan, Self::Etl, Self::Aggregate, Self::Score, Self::Publish];

    /// The name in keys, logs and JSON; also the worker's command, and a part of the Job's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Etl => "etl",
            Self::Aggregate => "aggregate",
            Self::Score => "score",
            Self::Publish => "publish",
        }
    }

    /// Returns true if the stage has an index for each shard or partition.
    pub const fn is_indexed(self) -> bool {
        matches!(self, Self::Etl | Self::Aggregate | Self::Score)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
