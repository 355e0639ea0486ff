//! Where results are read from: a folder, or the MongoDB of a cluster. Owns which flags say so; never
//! shows a URI.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args as Flags;
use store::{ObjectStore, SourceName, Store};

use crate::failure::Failure;

/// Flags of commands that read or change what is published.
#[derive(Debug, Flags)]
pub(crate) struct PlaceArgs {
    /// Where results are kept.
    #[arg(long, value_name = "DIR", default_value = ".trendjob", env = "TRENDJOB_STORE")]
    pub(crate) store: PathBuf,
    /// The MongoDB of a cluster instead, as `mongodb://user:password@host/`; in the environment it is
    /// not seen by other users of this machine.
    #[arg(
        long,
        value_name = "URI",
        env = "TRENDJOB_MONGODB_URI",
        hide_env_values = true,
        conflicts_with = "store"
    )]
    mongodb: Option<String>,
    /// The database in it.
    #[arg(long, value_name = "NAME", default_value = "trends")]
    database: String,
    /// The certificate authorities its server is trusted by, as PEM.
    #[arg(long, value_name = "FILE")]
    mongodb_ca_file: Option<PathBuf>,
}

/// What a folder must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folder {
    /// A store that is there.
    Existing,
    /// A store that is there, or will be.
    Any,
}

impl PlaceArgs {
    /// Opens the store.
    pub(crate) async fn open(&self, folder: Folder) -> Result<Arc<dyn Store>, Failure> {
        match (&self.mongodb, folder) {
            (Some(uri), _) => self.open_mongodb(uri).await,
            (None, Folder::Existing) => {
                Ok(Arc::new(ObjectStore::open_existing_folder(&self.store).await?))
            }
            (None, Folder::Any) => Ok(Arc::new(ObjectStore::open_folder(&self.store).await?)),
        }
    }

    /// The folder, unless it is a database.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.mongodb.is_none().then_some(self.store.as_path())
    }

    /// How messages call it.
    pub(crate) fn name(&self) -> String {
        match &self.mongodb {
            Some(_) => format!("the database {}", self.database),
            None => self.store.display().to_string(),
        }
    }

    /// Brings the plain documents of a source to what is visible now, where there are such.
    #[cfg(feature = "mongodb")]
    pub(crate) async fn follow(&self, source: &SourceName) -> Result<(), Failure> {
        let Some(uri) = &self.mongodb else { return Ok(()) };
        let store = self.database(uri).await?;
        let attempt = store::AttemptId::new(&uuid::Uuid::now_v7().to_string());
        let attempt = attempt.map_err(store::StoreError::from)?;
        Ok(store::mongo::plain::follow(&store, source, &attempt).await?)
    }

    #[cfg(not(feature = "mongodb"))]
    #[expect(clippy::unused_async, reason = "as with the feature")]
    pub(crate) async fn follow(&self, _source: &SourceName) -> Result<(), Failure> {
        // A folder has none.
        let _ = &self.mongodb;
        Ok(())
    }

    #[cfg(feature = "mongodb")]
    async fn open_mongodb(&self, uri: &str) -> Result<Arc<dyn Store>, Failure> {
        Ok(Arc::new(self.database(uri).await?))
    }

    #[cfg(feature = "mongodb")]
    async fn database(&self, uri: &str) -> Result<store::MongoStore, Failure> {
        use store::{MongoOptions, MongoStore, MongoUri, mongo::Access};
        let options = MongoOptions {
            uri: MongoUri::new(uri),
            database: self.database.clone(),
            ca_file: self.mongodb_ca_file.clone(),
            access: Access::Read,
            // Somebody waits for the answer.
            patience: std::time::Duration::from_secs(5),
        };
        Ok(MongoStore::open(&options).await?)
    }

    #[cfg(not(feature = "mongodb"))]
    #[expect(clippy::unused_async, reason = "as with the feature")]
    async fn open_mongodb(&self, _uri: &str) -> Result<Arc<dyn Store>, Failure> {
        let _ = &self.mongodb_ca_file;
        Err(Failure::usage(
            "this trendjob was built without MongoDB: build it with cargo install --path cli --features mongodb",
        ))
    }
}
