//! The configuration of a run: the content of its immutable `ConfigMap`. Owns the format and its
//! version. The operator writes it, the workers read it, and neither knows the other.

use serde::{Deserialize, Serialize};

use crate::{InvalidFormat, TrendJobSpec, format};

/// The configuration of one run, for its pods. Fixed when the run starts: later changes of the
/// TrendJob or of the operator don't affect the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunConfig {
    /// The version of this format, [`RunConfig::FORMAT`].
    pub format: u32,
    /// The namespace of the TrendJob.
    pub namespace: String,
    /// The name of the TrendJob.
    pub name: String,
    /// The uid of the TrendJob, which differs from that of a deleted TrendJob with the same name.
    pub uid: String,
    /// Number of times that the TrendJob was started again, from 0.
    pub restart: u32,
    /// The image of all pods of the run.
    pub worker_image: String,
    /// True if the run has a score stage. Workers older than this field score while they publish,
    /// so a configuration without it has no such stage.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub score_stage: bool,
    /// The spec of the TrendJob.
    pub spec: TrendJobSpec,
}

impl RunConfig {
    /// The format written by this version, and the newest that is read.
    pub const FORMAT: u32 = 1;
    /// The key in the `ConfigMap`, and so the name of the mounted file.
    pub const KEY: &str = "run.json";

    /// Returns the name of the run: `<uid>-<restart>`.
    pub fn run(&self) -> String {
        format!("{}-{}", self.uid, self.restart)
    }

    /// Reads a configuration that [`RunConfig::to_json`] wrote.
    ///
    /// # Errors
    /// If it is of a newer format or cut short, lacks a field or has an unknown one.
    pub fn from_json(json: &str) -> Result<Self, InvalidFormat> {
        format::from_json(json, Self::FORMAT)
    }

    /// Returns the value in the `ConfigMap`; equal configurations have equal values.
    pub fn to_json(&self) -> Result<String, InvalidFormat> {
        Ok(serde_json::to_string(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A configuration of version 0.1.0. Stored configurations must stay readable.
    const STORED: &str = include_str!("../fixtures/run-config-1.json");

    #[test]
    fn a_stored_configuration_of_the_first_format_is_read_and_written_unchanged() {
        let config = RunConfig::from_json(STORED.trim_end()).unwrap();
        assert_eq!(config.run(), "6a2f41a3-c54c-4e3c-a3a4-3c1f3a7e0b11-2");
        assert_eq!(config.spec.source, "sample");
        assert_eq!(config.spec.sharding.max_shards, 500);
        assert!(!config.score_stage);
        assert_eq!(config.to_json().unwrap(), STORED.trim_end());
    }

    #[test]
    fn a_newer_format_is_refused_whatever_else_it_holds() {
        let error = RunConfig::from_json(r#"{"format":2,"surprise":true}"#).unwrap_err();
        assert!(error.to_string().contains("format 2, and this version knows 1"), "{error}");
    }

    #[test]
    fn an_error_names_the_missing_or_unknown_field() {
        let cut = RunConfig::from_json(&STORED[..STORED.len() / 2]).unwrap_err();
        assert!(cut.to_string().contains("EOF"), "{cut}");
        let unknown = STORED.replace("\"maxShards\"", "\"maxShard\"");
        let error = RunConfig::from_json(&unknown).unwrap_err().to_string();
        assert!(error.contains("maxShard"), "{error}");
    }
}
