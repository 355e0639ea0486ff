//! Opens the store that the arguments name. Never shows the URI of a MongoDB, which holds a
//! password.

use std::fs;
use std::sync::Arc;

use store::mongo::Opening;
use store::{MongoOptions, MongoStore, MongoUri, ObjectStore, Store};

use crate::args::StoreLocation;
use crate::ending::Ending;

/// An open store.
pub(crate) struct OpenStore {
    pub(crate) store: Arc<dyn Store>,
    /// The store once more, by its own type, if it is a MongoDB, which also holds records and plain
    /// documents.
    pub(crate) mongo: Option<MongoStore>,
}

/// Opens the folder or the database that `location` names.
pub(crate) async fn open(location: &StoreLocation, database: &str) -> Result<OpenStore, Ending> {
    let opened = if let Some(folder) = &location.store {
        let store: Arc<dyn Store> = Arc::new(ObjectStore::open_folder(folder).await?);
        OpenStore { store, mongo: None }
    } else {
        let mongo = MongoStore::open(&options(location, database)?).await?;
        OpenStore { store: Arc::new(mongo.clone()), mongo: Some(mongo) }
    };
    #[cfg(feature = "fault-points")]
    let opened = OpenStore { store: crate::fault::FaultyStore::over(opened.store), ..opened };
    Ok(opened)
}

fn options(location: &StoreLocation, database: &str) -> Result<MongoOptions, Ending> {
    let uri = match (&location.mongodb_uri, &location.mongodb_uri_file) {
        (Some(uri), _) => uri.clone(),
        (None, Some(file)) => fs::read_to_string(file).map_err(|error| {
            let message = format!("reading the MongoDB URI from {}: {error}", file.display());
            Ending::unusable("NoStore", message)
        })?,
        (None, None) => {
            let message = "no store is named: set MONGODB_URI, or pass --store DIR with a folder that all pods share";
            return Err(Ending::unusable("NoStore", message.to_owned()));
        }
    };
    Ok(MongoOptions {
        uri: MongoUri::new(&uri),
        database: database.to_owned(),
        ca_file: location.mongodb_ca_file.clone(),
        opening: Opening::CreateIndexes,
        patience: location.store_patience.into(),
    })
}
