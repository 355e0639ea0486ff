//! One result in a folder and in the MongoDB that `MONGODB_URI` names, for processes to serve. The
//! tests of the command line include this file, too.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pipeline::{Context, Limits, Spec, local};
use store::mongo::Opening;
use store::{AttemptId, MongoOptions, MongoStore, MongoUri, ObjectStore, RunId, SourceName, Store};
use tokio::runtime::Runtime;

/// Requests whose answers differ between results.
pub(crate) const QUESTIONS: [&str; 4] = [
    "/api/trends?source=sample&topic=peace",
    "/api/v1/trends?source=sample&limit=100",
    "/api/v1/sources",
    "/api/trends?source=unknown&topic=peace",
];

/// One result in two stores.
pub(crate) struct Twice {
    folder: tempfile::TempDir,
    pub(crate) uri: String,
    pub(crate) database: String,
    runtime: Runtime,
}

impl Twice {
    /// Publishes the result in a folder and in the MongoDB that `MONGODB_URI` names.
    pub(crate) fn publish(test: &str) -> Self {
        let uri = std::env::var_os("MONGODB_URI");
        let uri = uri.expect("MONGODB_URI names the server of this test");
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let database = format!("test-{test}-{}", std::process::id());
        let twice = Self { folder, uri: uri.into_string().unwrap(), database, runtime };
        let folder = twice.runtime.block_on(ObjectStore::open_folder(&twice.store())).unwrap();
        twice.run(Arc::new(folder));
        twice.run(Arc::new(twice.mongo()));
        twice
    }

    /// The folder store.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn mongo(&self) -> MongoStore {
        let options = MongoOptions {
            uri: MongoUri::new(&self.uri),
            database: self.database.clone(),
            ca_file: None,
            opening: Opening::CreateIndexes,
            patience: Duration::from_mins(1),
        };
        self.runtime.block_on(MongoStore::open(&options)).unwrap()
    }

    fn run(&self, store: Arc<dyn Store>) {
        let input = self.folder.path().join("in.ndjson");
        let text = ["love love love", "love peace", "Peace hope", "hope http", "zebra"];
        let lines = text.map(|text| format!("{{\"text\":\"{text}\"}}\n"));
        std::fs::write(&input, lines.concat()).unwrap();
        let spec = Spec {
            chunk_size: 1 << 20,
            partitions: trends::Partitions::new(3).unwrap(),
            ..Spec::new(SourceName::new("sample").unwrap(), vec![input.display().to_string()])
        };
        let context = Context::new(
            store,
            self.runtime.handle().clone(),
            RunId::new("run").unwrap(),
            AttemptId::new("attempt").unwrap(),
            Limits::new(1, 64 << 20, self.folder.path().to_owned(), 7),
        );
        let now = || "2026-01-01T00:00:00Z".to_owned();
        local::run(&context, Some(&spec), |_, _| Ok(()), now).unwrap();
    }
}

impl Drop for Twice {
    fn drop(&mut self) {
        let database = self.mongo();
        drop(self.runtime.block_on(database.database().drop().into_future()));
    }
}
