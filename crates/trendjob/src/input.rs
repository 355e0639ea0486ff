//! The input: the objects, their compression, and the places of the fields of a record. Owns these
//! settings; doesn't know how anything is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Size, pattern::OBJECT_NAME};

/// The objects to read and the format of their records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Files, folders and globs to read: file, http or https URIs, or paths.
    #[schemars(length(min = 1, max = 1_000), inner(length(min = 1, max = 512)))]
    pub uris: Vec<String>,
    /// A volume with input files, mounted read-only at /data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
    /// A Secret whose keys become environment variables of the pods that read the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<ObjectRef>,
    /// The format of the records, and the places of their fields.
    #[serde(default)]
    pub record: Record,
    /// The compression of the objects. Auto looks at the first bytes of each object.
    #[serde(default)]
    pub compression: Compression,
    /// The highest percentage of malformed lines among the lines of the run that are not blank.
    /// Above it the run fails.
    #[serde(default = "default_malformed_percent")]
    #[schemars(range(min = 0, max = 100))]
    pub max_malformed_percent: u8,
    /// The longest record in bytes, from 1Mi to 64Mi. A longer line is malformed.
    #[serde(default = "default_record_size")]
    pub max_record_size: Size,
}

impl Input {
    /// Creates an input with all defaults.
    pub fn new(uris: Vec<String>) -> Self {
        Self {
            uris,
            volume: None,
            credentials_secret_ref: None,
            record: Record::default(),
            compression: Compression::default(),
            max_malformed_percent: default_malformed_percent(),
            max_record_size: default_record_size(),
        }
    }
}

const fn default_malformed_percent() -> u8 {
    5
}

const fn default_record_size() -> Size {
    Size::mebibytes(16)
}

/// A volume with input files. Exactly one of its fields is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Volume {
    /// An existing `PersistentVolumeClaim`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persistent_volume_claim: Option<ClaimRef>,
    /// A `ConfigMap`, for small samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ObjectRef>,
}

/// A `PersistentVolumeClaim` in the same namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimRef {
    /// The name of the claim.
    #[schemars(length(min = 1, max = 253), regex(pattern = OBJECT_NAME))]
    pub claim_name: String,
}

/// The name of a Secret or `ConfigMap` in the same namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectRef {
    /// The name of the Secret or `ConfigMap`.
    #[schemars(length(min = 1, max = 253), regex(pattern = OBJECT_NAME))]
    pub name: String,
}

/// The places of the fields of a record: a preset, or JSON pointers in order of preference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// The format of the records: statuses of Twitter's API v1.1, interactions of `DataSift`,
    /// statuses of Mastodon's API, or Custom for any other JSON.
    #[serde(default)]
    pub preset: Preset,
    /// JSON pointers to the text, only for preset Custom, which needs at least one. The first that
    /// is not null counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 16), inner(length(min = 1, max = 256)))]
    pub text: Vec<String>,
    /// JSON pointers to the time of the record, only for preset Custom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 16), inner(length(min = 1, max = 256)))]
    pub time: Vec<String>,
    /// JSON pointers to the author, only for preset Custom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 16), inner(length(min = 1, max = 256)))]
    pub author: Vec<String>,
    /// JSON pointers to the identity of the record, only for preset Custom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 16), inner(length(min = 1, max = 256)))]
    pub id: Vec<String>,
    /// JSON pointers to the language, only for preset Custom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 16), inner(length(min = 1, max = 256)))]
    pub language: Vec<String>,
}

/// A known form of records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Preset {
    /// Statuses of Twitter's v1.1 API.
    #[default]
    Twitter,
    /// Interactions of `DataSift`.
    DataSift,
    /// Statuses of Mastodon's API.
    Mastodon,
    /// Any other form, described by pointers.
    Custom,
}

/// The compression of an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Compression {
    /// Detected from the first bytes of each object.
    #[default]
    Auto,
    /// Not compressed.
    None,
    /// gzip, with any number of members.
    Gzip,
    /// Zstandard, with any number of frames.
    Zstd,
    /// bzip2, with any number of streams.
    Bzip2,
}
