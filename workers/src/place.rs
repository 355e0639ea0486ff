//! Opening the store an attempt works on. Owns which arguments name it; never shows a URI.

use std::fs;
use std::sync::Arc;

use store::mongo::Access;
use store::{MongoOptions, MongoStore, MongoUri, ObjectStore, Store};

use crate::args::PlaceArgs;
use crate::ending::Ending;

/// Where a run is kept.
pub(crate) struct Place {
    /// The store.
    pub(crate) store: Arc<dyn Store>,
    /// The database it is in, if it is one: for what is kept beside the store.
    pub(crate) mongo: Option<MongoStore>,
}

/// Opens the store of a run.
pub(crate) async fn open(args: &PlaceArgs, database: &str) -> Result<Place, Ending> {
    let place = if let Some(folder) = &args.store {
        let store: Arc<dyn Store> = Arc::new(ObjectStore::open_folder(folder).await?);
        Place { store, mongo: None }
    } else {
        let mongo = MongoStore::open(&options(args, database)?).await?;
        Place { store: Arc::new(mongo.clone()), mongo: Some(mongo) }
    };
    #[cfg(feature = "fault-points")]
    let place = Place { store: crate::fault::FaultyStore::over(place.store), ..place };
    Ok(place)
}

fn options(args: &PlaceArgs, database: &str) -> Result<MongoOptions, Ending> {
    let uri = match (&args.mongodb_uri, &args.mongodb_uri_file) {
        (Some(uri), _) => uri.clone(),
        (None, Some(file)) => fs::read_to_string(file).map_err(|error| {
            let what = format!("reading the MongoDB URI from {}: {error}", file.display());
            Ending::unusable("NoStore", what)
        })?,
        (None, None) => {
            let what = "no store is named: set MONGODB_URI, or pass --store DIR with a folder all pods share";
            return Err(Ending::unusable("NoStore", what.to_owned()));
        }
    };
    Ok(MongoOptions {
        uri: MongoUri::new(&uri),
        database: database.to_owned(),
        ca_file: args.mongodb_ca_file.clone(),
        access: Access::Write,
        patience: args.store_patience.into(),
    })
}
