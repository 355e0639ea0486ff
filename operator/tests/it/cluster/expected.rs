//! The result of one machine for the same posts.

use std::fs;
use std::sync::Arc;

use pipeline::{Context, Limits, Spec, local};
use store::{AttemptId, ObjectStore, RunId, SourceName};

/// The digest of these files.
pub(crate) fn expected(files: &[(String, String)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().display().to_string();
    // Stages block, and tests of the cluster are async.
    std::thread::spawn(move || digest(&path)).join().unwrap()
}

/// The digest of everything at a path.
pub(crate) fn digest(path: &str) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let spec = Spec {
        max_malformed_percent: 5.0,
        max_record_size: 16 << 20,
        partitions: trends::Partitions::new(3).unwrap(),
        ..Spec::new(SourceName::new("local").unwrap(), vec![path.to_owned()])
    };
    let store = runtime.block_on(ObjectStore::in_memory()).unwrap();
    let context = Context::new(
        Arc::new(store),
        runtime.handle().clone(),
        RunId::new("local").unwrap(),
        AttemptId::new("local").unwrap(),
        Limits::new(2, 256 << 20, std::env::temp_dir(), 7),
    );
    local::run(&context, Some(&spec), |_, _| Ok(()), String::new).unwrap().contents.digest
}
