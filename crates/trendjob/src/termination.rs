//! The termination message of a pod. Owns its format and its limit of 4 KiB. The workers write it;
//! the operator reads it into status and events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{InvalidFormat, Records, ResultSummary, format};

/// The result of one attempt at one stage and index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TerminationMessage {
    /// The version of this format, [`TerminationMessage::FORMAT`]. Unknown fields are ignored, so
    /// only a change of meaning needs a new version.
    pub format: u32,
    /// plan, etl, aggregate, score, publish or purge.
    pub stage: String,
    /// The shard or partition, 0 for other stages.
    pub index: u32,
    /// The exit status of the attempt.
    pub outcome: ExitStatus,
    /// The reason of the exit status in one word, as in events and metrics; empty when done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The reason of the exit status in a sentence; empty when done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The summary of the plan, from the plan stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanSummary>,
    /// The records by outcome: of one shard (etl), or of all (publish, or a plan pod that carried
    /// the run through all stages).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<Records>,
    /// Malformed lines by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub malformed: BTreeMap<String, u64>,
    /// The published result, from publish, or from a plan pod that carried the run through all
    /// stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultSummary>,
    /// The failure after the result was published, in a sentence of at most 1,000 bytes; empty if
    /// there was none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub warning: String,
}

/// The exit status of an attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExitStatus {
    /// The stage is done, by this attempt or an earlier one. Exit code 0.
    #[default]
    Done,
    /// A later run of the source has published; nothing is left to do. Exit code 0.
    Superseded,
    /// The attempt failed, and a retry would fail, too. Exit code 42.
    Failed,
    /// The attempt failed, and a retry may succeed. Exit code 1.
    Retry,
    /// The attempt stopped because of SIGTERM. Exit code 143.
    Stopped,
}

impl ExitStatus {
    /// The exit code, which the pod failure policy of a Job reads.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Done | Self::Superseded => 0,
            Self::Failed => 42,
            Self::Retry => 1,
            Self::Stopped => 143,
        }
    }
}

/// The part of a plan that the operator needs. It never reads the plan itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanSummary {
    /// The hash of the plan, which every later pod is given.
    pub hash: String,
    /// The place of the run in the order of runs of its source.
    pub start_number: u64,
    /// Number of etl indexes.
    pub shards: u32,
    /// Number of aggregate indexes.
    pub partitions: u32,
    /// Number of input objects.
    pub objects: u64,
    /// Number of compressed objects, each of which is one chunk.
    pub compressed: u64,
    /// Bytes of input, as stored.
    pub bytes: u64,
}

impl TerminationMessage {
    /// The format written by this version, and the newest that is read.
    pub const FORMAT: u32 = 1;
    /// Bytes that the kubelet keeps of a termination message.
    pub const MAX_BYTES: usize = 4096;

    /// Reads a message.
    ///
    /// # Errors
    /// If it is empty, cut short, not a termination message, or of a newer format.
    pub fn from_json(json: &str) -> Result<Self, InvalidFormat> {
        format::from_json(json, Self::FORMAT)
    }

    /// Returns the JSON, at most [`TerminationMessage::MAX_BYTES`] long. A longer message is cut at
    /// its end.
    pub fn to_json(&self) -> Result<String, InvalidFormat> {
        let mut fitting = self.clone();
        fitting.format = Self::FORMAT;
        loop {
            let json = serde_json::to_string(&fitting)?;
            if json.len() <= Self::MAX_BYTES || fitting.message.is_empty() {
                return Ok(json);
            }
            // A byte takes at most six bytes of JSON, if it is escaped. So at least this many bytes
            // must be cut; if too few of them were escaped, the loop cuts again.
            let over = (json.len() - Self::MAX_BYTES) / 6;
            let kept = fitting.message.len().saturating_sub(over.max(16));
            fitting.message.truncate(fitting.message.floor_char_boundary(kept));
            if !fitting.message.is_empty() {
                fitting.message.push('…');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_message_of_the_first_format_is_read() {
        let stored = include_str!("../fixtures/termination-1.json");
        let message = TerminationMessage::from_json(stored).unwrap();
        assert_eq!((message.stage.as_str(), message.outcome), ("plan", ExitStatus::Done));
        assert_eq!(message.plan.as_ref().unwrap().shards, 7);
        assert_eq!(message.to_json().unwrap(), stored.trim_end());
    }

    #[test]
    fn a_long_message_is_cut_to_the_kubelets_limit() {
        for text in
            ["x".repeat(9000), "é\"\n".repeat(3000), "\u{1}".repeat(5000), "👍".repeat(2000)]
        {
            let message = TerminationMessage { message: text, ..TerminationMessage::default() };
            let json = message.to_json().unwrap();
            assert!(json.len() <= TerminationMessage::MAX_BYTES, "{}", json.len());
            let read = TerminationMessage::from_json(&json).unwrap();
            assert!(
                read.message.ends_with('…') && read.message.len() > 500,
                "{}",
                read.message.len()
            );
        }
    }

    #[test]
    fn a_text_that_is_not_a_message_is_an_error() {
        for text in ["", "Killed", "{}", r#"{"format":9}"#] {
            assert!(TerminationMessage::from_json(text).is_err(), "{text}");
        }
    }
}
