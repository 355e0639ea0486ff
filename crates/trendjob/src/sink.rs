//! The store of the results, and their retention. Owns these settings; doesn't know any driver.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Duration,
    pattern::{DATABASE, OBJECT_NAME, SECRET_KEY},
};

/// The store of the results, and their retention.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Sink {
    /// The MongoDB with the results. A local run keeps them in a folder instead.
    pub mongodb: MongoSink,
    /// The retention of results.
    pub retention: Retention,
}

/// A MongoDB database and what is stored in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MongoSink {
    /// The Secret with the connection string.
    pub uri_secret_ref: SecretKeyRef,
    /// The Secret with the certificate authority of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<SecretKeyRef>,
    /// The database.
    #[schemars(length(min = 1, max = 63), regex(pattern = DATABASE))]
    pub database: String,
    /// Number of highest-ranked words that are also stored as plain documents: 0 for none, -1 for
    /// all.
    #[schemars(range(min = -1, max = 10_000_000))]
    pub documents: i64,
    /// True to store the cleaned records, too.
    pub store_records: bool,
}

impl Default for MongoSink {
    fn default() -> Self {
        Self {
            uri_secret_ref: SecretKeyRef { name: "trendjob-mongodb".into(), key: "uri".into() },
            ca_secret_ref: None,
            database: "trends".into(),
            documents: 10_000,
            store_records: false,
        }
    }
}

/// One key of a Secret in the same namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretKeyRef {
    /// The name of the Secret.
    #[schemars(length(min = 1, max = 253), regex(pattern = OBJECT_NAME))]
    pub name: String,
    /// The key in the Secret.
    #[schemars(length(min = 1, max = 253), regex(pattern = SECRET_KEY))]
    pub key: String,
}

/// The retention of results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Retention {
    /// Number of runs of the source that stay, the newest included.
    #[schemars(range(min = 2, max = 1_000))]
    pub runs: u32,
    /// Time that a retired run can still be read before its blocks are deleted, such as 10m.
    pub grace: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { runs: 5, grace: Duration::minutes(10) }
    }
}
