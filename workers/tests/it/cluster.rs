//! Plays the operator without a cluster: writes a run's configuration, starts pods as processes and
//! reads their termination messages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pipeline::{Context, Limits, Spec, local};
use store::{
    AttemptId, Generation, MongoOptions, MongoStore, MongoUri, ObjectStore, RunId, SourceName,
    Store, generations, mongo::Opening,
};
use tokio::runtime::{Handle, Runtime};
use trendjob::{RunConfig, TerminationMessage, parse_manifest};

/// The source of every run.
pub(crate) const SOURCE: &str = "sample";

/// The location of a store that processes share.
#[derive(Clone)]
pub(crate) enum Shared {
    Folder(PathBuf),
    Mongo { uri: String, database: String },
}

impl Shared {
    /// A database of this test on the server that `MONGODB_URI` names.
    pub(crate) fn mongo(test: &str) -> Self {
        let (uri, database) = mongodb(test);
        Self::Mongo { uri, database }
    }
}

/// The server that `MONGODB_URI` names, and the name of a database of this test.
pub(crate) fn mongodb(test: &str) -> (String, String) {
    let uri = std::env::var_os("MONGODB_URI").expect("MONGODB_URI names the server of this test");
    (uri.into_string().unwrap(), format!("test-{test}-{}", std::process::id()))
}

/// The settings for opening a database in a test.
pub(crate) fn mongo_options(uri: &str, database: &str) -> MongoOptions {
    MongoOptions {
        uri: MongoUri::new(uri),
        database: database.to_owned(),
        ca_file: None,
        opening: Opening::CreateIndexes,
        patience: Duration::from_mins(1),
    }
}

/// Input, a store and a run.
pub(crate) struct Cluster {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) shared: Shared,
    pub(crate) config: RunConfig,
    runtime: Runtime,
    pods: AtomicUsize,
    /// True if another `Cluster` owns the store and removes it.
    is_guest: bool,
}

/// The end of a pod.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) message: Option<TerminationMessage>,
    pub(crate) log: String,
}

impl Cluster {
    /// A run over `files` files in `shards` shards and `partitions` partitions.
    pub(crate) fn new(shared: Option<Shared>, files: usize, shards: u32, partitions: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir_all(&data).unwrap();
        for file in 0..files {
            fs::write(data.join(format!("{file:03}.ndjson")), records(file)).unwrap();
        }
        let shared = shared.unwrap_or_else(|| Shared::Folder(folder.path().join("store")));
        let database = match &shared {
            Shared::Mongo { database, .. } => database.clone(),
            Shared::Folder(_) => "trends".to_owned(),
        };
        let manifest = format!(
            r#"{{"apiVersion": "trendjob.dev/v1alpha1", "kind": "TrendJob", "metadata": {{"name": "test"}},
                "spec": {{"source": "{SOURCE}",
                    "input": {{"uris": ["file:///data/*.ndjson"], "volume": {{"persistentVolumeClaim": {{"claimName": "data"}}}}}},
                    "sharding": {{"chunkSize": "64Ki", "maxShards": {shards}, "partitions": {partitions}}},
                    "sink": {{"mongodb": {{"database": "{database}", "uriSecretRef": {{"name": "m", "key": "uri"}}}},
                              "retention": {{"runs": 2, "grace": "1s"}}}}}}}}"#
        );
        let spec = parse_manifest(&manifest).unwrap().spec;
        let config = RunConfig {
            format: RunConfig::FORMAT,
            namespace: "default".to_owned(),
            name: "test".to_owned(),
            uid: "11111111-2222-3333-4444-555555555555".to_owned(),
            restart: 0,
            worker_image: "worker".to_owned(),
            score_stage: false,
            spec,
        };
        let runtime = Runtime::new().unwrap();
        Self { folder, shared, config, runtime, pods: AtomicUsize::new(0), is_guest: false }
    }

    /// Another TrendJob over the same store, with data of its own.
    pub(crate) fn sharing(other: &Self) -> Self {
        let mut same = Self::new(Some(other.shared.clone()), 16, 2, 2);
        same.config.uid.replace_range(..1, "9");
        same.is_guest = true;
        same
    }

    /// The next run of the same TrendJob.
    pub(crate) fn restart(&mut self) {
        self.config.restart += 1;
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A pod that has not begun.
    pub(crate) fn pod(&self, stage: &str, args: &[&str]) -> Pod {
        let mut pod = self.process(stage);
        let config = self.folder.path().join(format!("run-{}.json", self.config.restart));
        // Replaced as a whole: other pods may be reading it.
        let staged = pod.termination.with_extension("staged");
        fs::write(&staged, self.config.to_json().unwrap()).unwrap();
        fs::rename(&staged, &config).unwrap();
        let attempt = pod.termination.file_name().unwrap().to_owned();
        pod.command
            .arg("--run-config")
            .arg(&config)
            .arg("--data")
            .arg(self.data())
            .args(["--threads", "1"])
            .args(if args.contains(&"--memory") { &[][..] } else { &["--memory", "64Mi"] })
            .arg("--attempt")
            .arg(attempt)
            .args(args);
        pod
    }

    /// A process at a stage, with the arguments that all stages have.
    fn process(&self, stage: &str) -> Pod {
        let number = self.pods.fetch_add(1, Ordering::Relaxed);
        let termination = self.folder.path().join(format!("pod-{number}"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_trendjob-worker"));
        command
            .env_remove("MONGODB_URI")
            .arg(stage)
            .arg("--termination-log")
            .arg(&termination)
            .args(["--store-patience", "60s"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(termination.with_extension("log")).unwrap());
        match &self.shared {
            Shared::Folder(store) => command.arg("--store").arg(store),
            Shared::Mongo { uri, .. } => command.env("MONGODB_URI", uri),
        };
        Pod { command, termination }
    }

    /// A pod of an indexed stage.
    pub(crate) fn indexed(&self, stage: &str, plan: &str, index: u32) -> Pod {
        self.pod(stage, &["--plan-hash", plan, "--index", &index.to_string()])
    }

    /// Plans the run, and returns the summary that the operator gets.
    pub(crate) fn plan(&self) -> trendjob::PlanSummary {
        self.pod("plan", &[]).run().done().plan.unwrap()
    }

    /// Runs all stages of the current run, one pod after the other.
    pub(crate) fn run_through(&self) -> TerminationMessage {
        let plan = self.plan();
        for index in 0..plan.shards {
            self.indexed("etl", &plan.hash, index).run().done();
        }
        for index in 0..plan.partitions {
            self.indexed("aggregate", &plan.hash, index).run().done();
        }
        self.pod("publish", &["--plan-hash", &plan.hash]).run().done()
    }

    /// A pod that removes all runs of the TrendJob.
    pub(crate) fn purge(&self, args: &[&str]) -> Pod {
        let mut pod = self.process("purge");
        pod.command
            .args(["--uid", &self.config.uid, "--source", &self.config.spec.source])
            .args(args);
        if let Shared::Mongo { database, .. } = &self.shared {
            pod.command.args(["--database", database]);
        }
        pod
    }

    /// The files of the store whose paths hold `part`.
    pub(crate) fn stored(&self, part: &str) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.path().join("store")];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.to_string_lossy().contains(part) {
                    found.push(path);
                }
            }
        }
        found
    }

    /// The store, opened by the test.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        self.wait(async {
            match &self.shared {
                Shared::Folder(folder) => {
                    let store: Arc<dyn Store> =
                        Arc::new(ObjectStore::open_folder(folder).await.unwrap());
                    store
                }
                Shared::Mongo { .. } => Arc::new(self.mongo().await),
            }
        })
    }

    pub(crate) async fn mongo(&self) -> MongoStore {
        let Shared::Mongo { uri, database } = &self.shared else { panic!("not on MongoDB") };
        MongoStore::open(&mongo_options(uri, database)).await.unwrap()
    }

    /// The runtime of the test.
    pub(crate) fn runtime(&self) -> Handle {
        self.runtime.handle().clone()
    }

    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The newest generation.
    pub(crate) fn newest(&self) -> Option<Generation> {
        let store = self.store();
        let source = SourceName::new(SOURCE).unwrap();
        self.wait(generations::newest(&*store, &source, 0)).unwrap()
    }

    /// The digest of the same input on one machine.
    pub(crate) fn expected(&self) -> String {
        let spec = Spec {
            max_malformed_percent: 5.0,
            max_record_size: 16 << 20,
            partitions: trends::Partitions::new(3).unwrap(),
            ..Spec::new(SourceName::new(SOURCE).unwrap(), vec![self.data().display().to_string()])
        };
        let store = self.wait(ObjectStore::in_memory()).unwrap();
        let context = Context::new(
            Arc::new(store),
            self.runtime(),
            RunId::new("local").unwrap(),
            AttemptId::new("local").unwrap(),
            Limits::new(2, 256 << 20, self.folder.path().to_owned(), 7),
        );
        local::run(&context, Some(&spec), |_, _| Ok(()), String::new).unwrap().contents.digest
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if matches!(self.shared, Shared::Mongo { .. }) && !self.is_guest {
            drop(self.wait(async { self.mongo().await.database().drop().await }));
        }
    }
}

/// A process that runs one attempt at a stage.
pub(crate) struct Pod {
    command: Command,
    termination: PathBuf,
}

impl Pod {
    /// Sets a variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Replaces the store by the MongoDB of a URI.
    pub(crate) fn mongodb(mut self, uri: &str) -> Self {
        let args: Vec<_> = self.command.get_args().map(ToOwned::to_owned).collect();
        let is_store = |at: usize| args.get(at).is_some_and(|arg| arg == "--store");
        let kept = (0..args.len()).filter(|at| !is_store(*at) && (*at == 0 || !is_store(at - 1)));
        let kept: Vec<_> = kept.map(|at| args[at].clone()).collect();
        let log = fs::File::create(self.termination.with_extension("log")).unwrap();
        let mut command = Command::new(self.command.get_program());
        command.args(kept).env("MONGODB_URI", uri).stdout(Stdio::null()).stderr(log);
        self.command = command;
        self
    }

    /// Sets the size of the pod's blocks.
    pub(crate) fn cut_at(mut self, block_size: u64) -> Self {
        self.command.arg("--block-size").arg(block_size.to_string());
        self
    }

    pub(crate) fn start(mut self) -> Running {
        Running { child: self.command.spawn().unwrap(), termination: self.termination }
    }

    pub(crate) fn run(self) -> Ended {
        self.start().end()
    }
}

pub(crate) struct Running {
    pub(crate) child: Child,
    termination: PathBuf,
}

impl Running {
    pub(crate) fn end(mut self) -> Ended {
        let status = self.child.wait().unwrap();
        let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        let message = TerminationMessage::from_json(&read(&self.termination)).ok();
        let log = read(&self.termination.with_extension("log"));
        Ended { status, message, log }
    }

    /// Kills it at once, as the loss of a node does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends it a signal, such as TERM or CONT.
    pub(crate) fn signal(&self, name: &str) {
        let (signal, process) = (format!("-{name}"), self.child.id().to_string());
        assert!(Command::new("kill").args([signal, process]).status().unwrap().success());
    }

    /// Waits until the process is stopped.
    #[cfg(feature = "fault-points")]
    pub(crate) fn wait_for_stop(&mut self) {
        let stat = format!("/proc/{}/stat", self.child.id());
        // The state follows the name, which is in parentheses.
        while !fs::read_to_string(&stat).unwrap().contains(") T ") {
            assert!(self.child.try_wait().unwrap().is_none(), "it ended instead");
            std::thread::yield_now();
        }
    }
}

impl Ended {
    /// Returns the report of a pod that did its work.
    pub(crate) fn done(self) -> TerminationMessage {
        assert_eq!(self.status.code(), Some(0), "{}", self.log);
        self.message.unwrap()
    }

    /// Returns the report of a pod that ended with this code and reason.
    pub(crate) fn failed(self, code: i32, reason: &str) -> TerminationMessage {
        assert_eq!(self.status.code(), Some(code), "{}", self.log);
        let message = self.message.unwrap();
        assert_eq!(message.reason, reason, "{}", message.message);
        message
    }
}

/// About 100 KB of records; words overlap between files.
fn records(file: usize) -> String {
    use std::fmt::Write as _;
    let letters = |number: usize| -> String {
        number.to_string().bytes().map(|digit| char::from(b'a' + (digit - b'0'))).collect()
    };
    let mut text = String::new();
    for line in 0..1_500 {
        let number = file * 700 + line;
        let (rare, often) = (letters(number), letters(number % 37));
        writeln!(
            text,
            r#"{{"text":"word{rare} often{often} common number {number}","id":{number}}}"#
        )
        .unwrap();
        if line % 500 == 0 {
            text.push_str("{\"text\":\"cut off\n");
        }
    }
    text
}
