//! The connection to a database. Owns the settings that override those of the URI: reads from the
//! primary, majority concerns, no retries of writes by the driver, bounded pools and waits.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mongodb::options::{
    ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, Tls, TlsOptions, WriteConcern,
};
use mongodb::{Client, Database};

use super::MongoUri;
use super::fault;
use crate::StoreError;

/// The longest time for a connection, and for the selection of a server, in one try.
const CONNECT: Duration = Duration::from_secs(10);
const SELECT: Duration = Duration::from_secs(10);

/// The most connections to one server: further requests wait for a free one.
const POOL: u32 = 32;

/// The work that opening a database includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Checks the format of the store and creates missing indexes, which needs the right to write.
    CreateIndexes,
    /// Checks the format of the store. A user with the role `read` suffices, unless more than
    /// reading follows.
    CheckFormat,
}

/// The settings for opening a database.
#[derive(Debug, Clone)]
pub struct MongoOptions {
    /// The address.
    pub uri: MongoUri,
    /// The name of the database.
    pub database: String,
    /// A PEM file of certificate authorities to trust; the public authorities if `None`.
    pub ca_file: Option<PathBuf>,
    /// The work that opening includes.
    pub opening: Opening,
    /// The time that each operation waits for a server that can't be reached.
    pub patience: Duration,
}

/// Returns the database, and its name in messages.
pub(super) async fn database(options: &MongoOptions) -> Result<(Database, String), StoreError> {
    let place = format!("{}/{}", options.uri.hosts(), options.database);
    let unusable = |error: mongodb::error::Error| {
        let why = options.uri.scrub(&fault::message(&error));
        StoreError::Refused(format!(
            "the MongoDB URI can't be used: {why}; write it as mongodb://user:password@host/, with special characters percent-encoded"
        ))
    };
    let parsed = ClientOptions::parse(options.uri.secret()).await;
    let mut client = parsed.map_err(unusable)?;
    client.app_name = Some("trendjob".to_owned());
    client.connect_timeout = Some(CONNECT);
    client.server_selection_timeout = Some(SELECT);
    client.max_pool_size = Some(POOL);
    client.retry_reads = Some(true);
    // Some servers refuse the driver's retries of writes. `retry` repeats every write, and an insert
    // recognises its own document.
    client.retry_writes = Some(false);
    client.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    client.read_concern = Some(ReadConcern::majority());
    client.write_concern = Some(WriteConcern::majority());
    if let Some(ca) = &options.ca_file {
        check_ca(ca)?;
        let mut tls = match client.tls.take() {
            Some(Tls::Enabled(tls)) => tls,
            _ => TlsOptions::default(),
        };
        tls.ca_file_path = Some(ca.clone());
        client.tls = Some(Tls::Enabled(tls));
    }
    let client = Client::with_options(client).map_err(unusable)?;
    Ok((client.database(&options.database), place))
}

/// Fails with `Refused` if a file has no certificates. Without this check the first operation would
/// fail as if the server were unreachable, and would be retried.
fn check_ca(file: &Path) -> Result<(), StoreError> {
    let refused = |what: &dyn std::fmt::Display| {
        StoreError::Refused(format!("reading the CA {}: {what}", file.display()))
    };
    let pem = std::fs::read(file).map_err(|error| refused(&error))?;
    if String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
        return Ok(());
    }
    Err(refused(
        &"it has no certificate: give a PEM file, which begins with -----BEGIN CERTIFICATE-----",
    ))
}
