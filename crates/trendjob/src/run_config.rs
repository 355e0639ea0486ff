//! What the operator hands to the pods of a run: the content of its immutable `ConfigMap`. Owns the
//! format and its version; the operator writes it, the workers read it, neither knows the other.

use serde::{Deserialize, Serialize};

use crate::TrendJobSpec;

/// One run of a TrendJob, as its pods are told. Pinned when the run begins: later changes of the
/// TrendJob or of the operator are not seen by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunConfig {
    /// The version of this format, [`RunConfig::FORMAT`].
    pub format: u32,
    /// The namespace of the TrendJob.
    pub namespace: String,
    /// The name of the TrendJob.
    pub name: String,
    /// The uid of the TrendJob: runs of a deleted one of the same name are others.
    pub uid: String,
    /// How often the TrendJob was started again, from 0.
    pub restart: u32,
    /// The image of all its pods.
    pub worker_image: String,
    /// Whether the partitions are scored by pods of their own. The workers of a run that is told nothing
    /// of it may not know how: they score when they publish.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub score_stage: bool,
    /// What was asked for.
    pub spec: TrendJobSpec,
}

/// A run configuration that can't be followed, and why.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRunConfig {
    /// It is of a format this program doesn't know.
    #[error(
        "it has format {found}, and this version knows {}: the operator and its workers must be of one version",
        RunConfig::FORMAT
    )]
    Newer {
        /// Its format.
        found: u32,
    },
    /// It is no JSON of the right shape.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

impl RunConfig {
    /// The format written by this version, and the newest that is read.
    pub const FORMAT: u32 = 1;
    /// The key in the `ConfigMap`, and so the name of the mounted file.
    pub const KEY: &str = "run.json";

    /// The name of the run: `<uid>-<restart>`.
    pub fn run(&self) -> String {
        format!("{}-{}", self.uid, self.restart)
    }

    /// Reads what [`RunConfig::to_json`] wrote.
    ///
    /// # Errors
    /// If it is of a newer format, is cut short, or lacks or has a field it should not.
    pub fn from_json(json: &str) -> Result<Self, InvalidRunConfig> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        // Looked at first: a newer format may have fields that are unknown here.
        let Version { format } = serde_json::from_str(json)?;
        if format > Self::FORMAT {
            return Err(InvalidRunConfig::Newer { found: format });
        }
        Ok(serde_json::from_str(json)?)
    }

    /// The value in the `ConfigMap`; the same for equal runs.
    pub fn to_json(&self) -> Result<String, InvalidRunConfig> {
        Ok(serde_json::to_string(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As version 0.1.0 writes it: what is stored in clusters must stay readable.
    const STORED: &str = include_str!("../fixtures/run-config-1.json");

    #[test]
    fn a_stored_configuration_of_the_first_format_is_read_and_written_the_same() {
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
    fn what_is_missing_or_wrong_is_named() {
        let cut = RunConfig::from_json(&STORED[..STORED.len() / 2]).unwrap_err();
        assert!(cut.to_string().contains("EOF"), "{cut}");
        let unknown = STORED.replace("\"maxShards\"", "\"maxShard\"");
        let error = RunConfig::from_json(&unknown).unwrap_err().to_string();
        assert!(error.contains("maxShard"), "{error}");
    }
}
