//! The store that a command uses: a folder, or the MongoDB of a cluster. Owns the flags that name
//! the store; never shows a URI, which may hold a password.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args as Flags;
use store::{ObjectStore, SourceName, Store};

use crate::failure::Failure;

/// Flags that name the store of published results.
#[derive(Debug, Flags)]
pub(crate) struct StoreLocation {
    /// The folder of the store.
    #[arg(long, value_name = "DIR", default_value = ".trendjob", env = "TRENDJOB_STORE")]
    pub(crate) store: PathBuf,
    /// The MongoDB of a cluster, instead of a folder: `mongodb://user:password@host/`. Set it in
    /// the environment to hide the password from other users of this machine.
    #[arg(
        long,
        value_name = "URI",
        env = "TRENDJOB_MONGODB_URI",
        hide_env_values = true,
        conflicts_with = "store"
    )]
    mongodb: Option<String>,
    /// The database in that MongoDB.
    #[arg(long, value_name = "NAME", default_value = "trends")]
    database: String,
    /// The certificate authorities that the MongoDB server's certificate is checked with, as PEM.
    #[arg(long, value_name = "FILE")]
    mongodb_ca_file: Option<PathBuf>,
    /// The opened databases, which are closed at the end of the command.
    #[arg(skip)]
    opened: Mutex<Vec<Arc<dyn Store>>>,
}

/// The required state of a store's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folder {
    /// The folder must hold a store.
    Existing,
    /// The folder may be missing; it then becomes an empty store.
    Any,
}

impl StoreLocation {
    /// Opens the store.
    pub(crate) async fn open(&self, folder: Folder) -> Result<Arc<dyn Store>, Failure> {
        match (&self.mongodb, folder) {
            #[cfg(feature = "mongodb")]
            (Some(uri), _) => Ok(Arc::new(self.database(uri).await?)),
            #[cfg(not(feature = "mongodb"))]
            (Some(_), _) => Err(Failure::usage(
                "this trendjob was built without MongoDB: build it with cargo install --path cli --features mongodb",
            )),
            (None, Folder::Existing) => {
                Ok(Arc::new(ObjectStore::open_existing_folder(&self.store).await?))
            }
            (None, Folder::Any) => Ok(Arc::new(ObjectStore::open_folder(&self.store).await?)),
        }
    }

    /// Closes the databases that were opened. A database that still has connections when the process
    /// ends prints a panic of its driver now and then.
    pub(crate) async fn close(&self) {
        let opened =
            std::mem::take(&mut *self.opened.lock().unwrap_or_else(PoisonError::into_inner));
        for store in opened {
            store.close().await;
        }
    }

    /// Returns the folder; `None` for a MongoDB.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.mongodb.is_none().then_some(self.store.as_path())
    }

    /// Returns the name for messages.
    pub(crate) fn name(&self) -> String {
        match &self.mongodb {
            Some(_) => format!("the database {}", self.database),
            None => self.store.display().to_string(),
        }
    }

    /// Updates the plain documents of a source to the visible result. A folder has none.
    #[cfg(feature = "mongodb")]
    pub(crate) async fn update_plain_documents(&self, source: &SourceName) -> Result<(), Failure> {
        let Some(uri) = &self.mongodb else { return Ok(()) };
        let store = self.database(uri).await?;
        let attempt = store::AttemptId::new(&uuid::Uuid::now_v7().to_string());
        let attempt = attempt.map_err(store::StoreError::from)?;
        Ok(store::mongo::plain::update_plain_documents(&store, source, &attempt).await?)
    }

    #[cfg(not(feature = "mongodb"))]
    #[expect(clippy::unused_async, reason = "as with the feature")]
    pub(crate) async fn update_plain_documents(&self, _source: &SourceName) -> Result<(), Failure> {
        let _ = &self.mongodb_ca_file;
        Ok(())
    }

    #[cfg(feature = "mongodb")]
    async fn database(&self, uri: &str) -> Result<store::MongoStore, Failure> {
        use store::{MongoOptions, MongoStore, MongoUri, mongo::Opening};
        let options = MongoOptions {
            uri: MongoUri::new(uri),
            database: self.database.clone(),
            ca_file: self.mongodb_ca_file.clone(),
            opening: Opening::CheckFormat,
            // A user waits for the command.
            patience: std::time::Duration::from_secs(5),
        };
        let store = MongoStore::open(&options).await?;
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.push(Arc::new(store.clone()));
        Ok(store)
    }
}
