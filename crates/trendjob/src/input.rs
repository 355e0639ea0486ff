//! What is read: objects, their form and where the fields of a record are. Owns these settings;
//! refuses to know how anything is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Size, pattern::OBJECT_NAME};

/// What is read and how its records look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Files, folders and globs to read: file, http or https URIs, or paths.
    #[schemars(length(min = 1, max = 1_000), inner(length(min = 1, max = 512)))]
    pub uris: Vec<String>,
    /// A volume, mounted read-only at /data, that file URIs can name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
    /// A Secret whose keys become the environment of object store clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<ObjectRef>,
    /// Where the fields of a record are.
    #[serde(default)]
    pub record: Record,
    /// How the objects are compressed.
    #[serde(default)]
    pub compression: Compression,
    /// How many percent of the records of the whole run may be malformed before it fails.
    #[serde(default = "default_malformed_percent")]
    #[schemars(range(min = 0, max = 100))]
    pub max_malformed_percent: u8,
    /// The longest record in bytes, from 1Mi to 64Mi; a longer line is malformed.
    #[serde(default = "default_record_size")]
    pub max_record_size: Size,
}

const fn default_malformed_percent() -> u8 {
    5
}

const fn default_record_size() -> Size {
    Size::mebibytes(16)
}

/// A volume with input files: exactly one of its fields is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Volume {
    /// A claim that already exists.
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

/// An object in the same namespace, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectRef {
    /// The name of the object.
    #[schemars(length(min = 1, max = 253), regex(pattern = OBJECT_NAME))]
    pub name: String,
}

/// Where the fields of a record are: a preset, or JSON pointers of which the first non-null wins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// The form of the records.
    #[serde(default)]
    pub preset: Preset,
    /// Where the text is; needed by preset Custom, which alone takes pointers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 16), inner(length(min = 1, max = 256)))]
    pub text: Vec<String>,
    /// Where the time of the record is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 16), inner(length(min = 1, max = 256)))]
    pub time: Vec<String>,
    /// Where the author is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 16), inner(length(min = 1, max = 256)))]
    pub author: Vec<String>,
    /// Where the identity of the record is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 16), inner(length(min = 1, max = 256)))]
    pub id: Vec<String>,
    /// Where the language is.
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

/// How an object is compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Compression {
    /// Told by the first bytes of each object.
    #[default]
    Auto,
    /// Not at all.
    None,
    /// gzip, with any number of members.
    Gzip,
    /// Zstandard, with any number of frames.
    Zstd,
    /// bzip2, with any number of streams.
    Bzip2,
}
