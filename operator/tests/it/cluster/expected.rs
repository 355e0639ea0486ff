//! The result of one machine for the same posts.

use std::fs;
use std::sync::Arc;

use pipeline::input::{Identity, Remote};
use pipeline::{BlockSizes, Cancel, Context, Limits, RecordFormat, Spec, local};
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
        source: SourceName::new("local").unwrap(),
        uris: vec![path.to_owned()],
        data: None,
        kept_out: None,
        spooled: None,
        identity: Identity::Modified,
        compression: None,
        record: RecordFormat::Twitter,
        max_malformed_percent: 5.0,
        max_record_size: 16 << 20,
        chunk_size: 1 << 30,
        max_shards: 1,
        shards: None,
        partitions: trends::Partitions::new(3).unwrap(),
        analysis: pipeline::Analysis::default(),
    };
    let store = runtime.block_on(ObjectStore::in_memory()).unwrap();
    let context = Context {
        store: Arc::new(store),
        runtime: runtime.handle().clone(),
        run: RunId::new("local").unwrap(),
        attempt: AttemptId::new("local").unwrap(),
        limits: Limits {
            threads: 2,
            memory: 256 << 20,
            spill: std::env::temp_dir(),
            keep_rejects: false,
            blocks: BlockSizes::default(),
            hash_seed: 7,
        },
        records: None,
        remote: Remote::default(),
        cancel: Cancel::default(),
        progress: Arc::default(),
    };
    local::run(&context, Some(&spec), |_, _| Ok(()), String::new).unwrap().index.digest
}
