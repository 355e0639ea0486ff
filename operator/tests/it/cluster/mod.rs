//! A namespace of a real cluster for one test, with a MongoDB, an operator with the fewest rights
//! that suffice, and waits that show the whole namespace when they fail.

mod expected;
mod http;
pub(crate) mod manifests;
mod operator;
mod show;

use std::fmt::Debug;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use ::operator::object::TrendJobObject;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Namespace, Pod, Secret};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

pub(crate) use expected::{digest as digest_of, expected};
pub(crate) use http::serve;

/// The longest wait; only a failing test takes so long.
const PATIENCE: Duration = Duration::from_mins(3);

/// The time between two looks at a condition.
const LOOK: Duration = Duration::from_millis(100);

/// A namespace of the cluster.
pub(crate) struct Testbed {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    pub(crate) worker_image: String,
    pub(crate) kubeconfig: PathBuf,
    pub(crate) folder: tempfile::TempDir,
}

/// A variable of the environment.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok()
}

/// Returns true if the only node of the cluster is this machine, whose files and servers its pods
/// can use.
pub(crate) fn node_is_here() -> bool {
    variable("TRENDJOB_TEST_NODE_IS_HERE").is_some()
}

impl Testbed {
    /// A new namespace on the cluster that `KUBECONFIG` names.
    pub(crate) async fn new(test: &str) -> Self {
        // Without the variable the test could hit any cluster that this machine knows.
        assert!(variable("KUBECONFIG").is_some(), "KUBECONFIG names the cluster of this test");
        let worker_image = variable("TRENDJOB_TEST_WORKER_IMAGE");
        let worker_image = worker_image.expect("TRENDJOB_TEST_WORKER_IMAGE names an image");
        let config = Config::infer().await.unwrap();
        let client = Client::try_from(config).unwrap();
        // The name is new in each run of the tests: the database keeps its content between them.
        let now = k8s_openapi::jiff::Timestamp::now().as_millisecond();
        let namespace = format!("tj-{test}-{now:x}");
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        let testbed = Self { client, namespace, worker_image, kubeconfig, folder };
        testbed.set_up().await;
        testbed
    }

    async fn set_up(&self) {
        manifests::install_definition(&self.client).await;
        manifests::start_mongodb(&self.client).await;
        let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
        let metadata = json!({"name": self.namespace, "labels": labels});
        self.create::<Namespace>(&Api::all(self.client.clone()), json!({"metadata": metadata}))
            .await;
        let uri = manifests::mongodb_uri();
        let secret = json!({"metadata": {"name": "trendjob-mongodb"}, "stringData": {"uri": uri}});
        self.create::<Secret>(&self.api(), secret).await;
        self.grant().await;
    }

    /// An API of this namespace.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(crate) fn trendjobs(&self) -> Api<TrendJobObject> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(crate) async fn create<K>(&self, api: &Api<K>, object: Value)
    where
        K: Clone + serde::Serialize + serde::de::DeserializeOwned + Debug,
    {
        let object: K = serde_json::from_value(object).unwrap();
        api.create(&PostParams::default(), &object).await.unwrap();
    }

    /// The name of this test's own database.
    pub(crate) fn database(&self) -> String {
        self.namespace.clone()
    }

    /// Applies a TrendJob over the `ConfigMap` `posts` with changes to its spec.
    pub(crate) async fn apply(&self, name: &str, changes: Value) {
        let object = manifests::trendjob(name, &self.database(), changes);
        let trendjobs = self.dynamic("trendjob.dev/v1alpha1", "TrendJob", true);
        self.create(&trendjobs, object).await;
    }

    /// Changes a TrendJob.
    pub(crate) async fn patch(&self, name: &str, patch: Value) {
        let patch = Patch::Merge(patch);
        self.trendjobs().patch(name, &PatchParams::default(), &patch).await.unwrap();
    }

    /// Creates the `ConfigMap` `posts` and returns the digest of its content.
    pub(crate) async fn posts(&self, files: usize) -> String {
        let posts = manifests::posts(files);
        let data: Value = posts.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
        let map = json!({"metadata": {"name": "posts"}, "data": data});
        self.create::<ConfigMap>(&self.api(), map).await;
        expected(&posts)
    }

    /// Creates the `ConfigMap` `posts` with a line that is longer than the memory of a pod. Returns
    /// the spec of a TrendJob whose pods are killed for it again and again.
    pub(crate) async fn too_large_a_line(&self) -> Value {
        let line = format!("{{\"text\":\"{}\"}}\n", "a ".repeat(12 << 20));
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(line.as_bytes()).unwrap();
        let packed = STANDARD.encode(packed.finish().unwrap());
        let data = json!({"a.ndjson": manifests::posts(1)[0].1});
        let map = json!({
            "metadata": {"name": "posts"}, "data": data, "binaryData": {"b.ndjson.gz": packed},
        });
        self.create::<ConfigMap>(&self.api(), map).await;
        let memory = json!({"memory": "14Mi"});
        json!({
            "input": {"uris": ["file:///data/*.ndjson*"], "maxRecordSize": "64Mi"},
            "etl": {"resources": {"requests": memory, "limits": memory}},
        })
    }

    /// Waits until a TrendJob satisfies a predicate.
    pub(crate) async fn until(
        &self,
        name: &str,
        what: &str,
        holds: impl Fn(&TrendJobObject) -> bool,
    ) -> TrendJobObject {
        let looked = timeout(PATIENCE, async {
            loop {
                if let Ok(Some(object)) = self.trendjobs().get_opt(name).await
                    && holds(&object)
                {
                    return object;
                }
                sleep(LOOK).await;
            }
        });
        if let Ok(object) = looked.await {
            return object;
        }
        panic!("{name} did not become {what}\n{}", self.show().await)
    }

    /// Waits until a condition of a TrendJob is true.
    pub(crate) async fn until_condition(&self, name: &str, kind: &str) -> TrendJobObject {
        let object =
            self.until(name, kind, |object| holds(object, kind) || holds(object, "Failed")).await;
        assert!(holds(&object, kind), "{name} failed\n{}", self.show().await);
        object
    }

    /// Waits until a TrendJob is in a stage or in a later one: a short stage may never be observed.
    pub(crate) async fn until_stage(&self, name: &str, stage: &str) -> TrendJobObject {
        self.until(name, stage, |object| has_reached(object, stage)).await
    }

    /// Waits until a predicate is true.
    pub(crate) async fn wait(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let looked = timeout(PATIENCE, async {
            while !holds().await {
                sleep(LOOK).await;
            }
        });
        if looked.await.is_ok() {
            return;
        }
        panic!("{what} did not happen\n{}", self.show().await)
    }

    /// Waits until a TrendJob names a cause, at most 30 s, and for the event. Returns the message.
    pub(crate) async fn cause(&self, name: &str, reasons: &[&str]) -> String {
        self.cause_that_names(name, reasons, "").await
    }

    /// Waits as `cause` does, for a cause whose message contains a text.
    pub(crate) async fn cause_that_names(
        &self,
        name: &str,
        reasons: &[&str],
        text: &str,
    ) -> String {
        let began = Instant::now();
        let object = self
            .until(name, &format!("{reasons:?} {text}"), |object| {
                condition(object, "Ready").is_some_and(|ready| {
                    reasons.contains(&ready.reason.as_str()) && ready.message.contains(text)
                })
            })
            .await;
        let took = began.elapsed();
        assert!(took < Duration::from_secs(30), "it took {took:?}");
        let reason = ready_reason(&object);
        let ready = condition(&object, "Ready").unwrap();
        self.until_recorded(name, &[&reason]).await;
        ready.message.clone()
    }

    /// Waits until an event of each reason exists, and returns all events about a TrendJob. Passes
    /// don't wait for events, so a change may be visible before its event.
    pub(crate) async fn until_recorded(&self, name: &str, reasons: &[&str]) -> Vec<Event> {
        let mut events = Vec::new();
        self.wait(&format!("events {reasons:?}"), async || {
            events = self.events(name).await;
            let has = |reason: &str| events.iter().any(|one| one.reason.as_deref() == Some(reason));
            reasons.iter().all(|reason| has(reason))
        })
        .await;
        events
    }

    /// The events about a TrendJob.
    async fn events(&self, name: &str) -> Vec<Event> {
        let selector = format!("involvedObject.kind=TrendJob,involvedObject.name={name}");
        let params = ListParams::default().fields(&selector);
        self.api::<Event>().list(&params).await.unwrap().items
    }

    /// A TrendJob as `kubectl get` shows it, without its age.
    pub(crate) async fn row(&self, name: &str) -> String {
        let path = format!("{}/{name}", self.trendjobs().resource_url());
        let table = ::http::Request::get(path)
            .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
            .body(Vec::new());
        let table: Value = self.client.request(table.unwrap()).await.unwrap();
        let columns = table["columnDefinitions"].as_array().unwrap().iter();
        let cells = columns.zip(table["rows"][0]["cells"].as_array().unwrap());
        let shown = cells.filter(|(column, _)| column["priority"] == 0 && column["name"] != "Age");
        let text = |cell: &Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
        let shown = shown.map(|(column, cell)| {
            format!("{}={}", text(&column["name"]).to_uppercase(), text(cell))
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    /// The names of all Jobs.
    pub(crate) async fn jobs(&self) -> Vec<String> {
        let jobs = self.api::<Job>().list(&ListParams::default()).await.unwrap();
        jobs.items.iter().map(kube::ResourceExt::name_any).collect()
    }

    pub(crate) async fn pods(&self) -> Vec<Pod> {
        self.api::<Pod>().list(&ListParams::default()).await.unwrap().items
    }

    /// Ends the test and deletes its namespace.
    pub(crate) async fn done(self) {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        drop(namespaces.delete(&self.namespace, &DeleteParams::background()).await);
    }

    /// An API for objects of any kind.
    pub(crate) fn dynamic(
        &self,
        api_version: &str,
        kind: &str,
        namespaced: bool,
    ) -> Api<DynamicObject> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        if namespaced {
            Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
        } else {
            Api::all_with(self.client.clone(), &resource)
        }
    }
}

/// Returns true if a TrendJob is in a stage or in a later one.
pub(crate) fn has_reached(object: &TrendJobObject, stage: &str) -> bool {
    const ORDER: [&str; 7] =
        ["Pending", "Plan", "Etl", "Aggregate", "Score", "Publish", "Complete"];
    let Some(now) = object.status.as_ref().and_then(|status| status.stage.as_deref()) else {
        return false;
    };
    let place = |stage: &str| ORDER.iter().position(|one| *one == stage);
    now == stage || place(stage).is_some_and(|wanted| place(now) > Some(wanted))
}

/// A condition of a TrendJob.
pub(crate) fn condition<'a>(
    object: &'a TrendJobObject,
    kind: &str,
) -> Option<&'a trendjob::Condition> {
    object.status.as_ref()?.conditions.iter().find(|one| one.kind == kind)
}

/// Returns true if a condition of a TrendJob is true.
pub(crate) fn holds(object: &TrendJobObject, kind: &str) -> bool {
    condition(object, kind).is_some_and(|one| one.status == trendjob::ConditionStatus::True)
}

/// The reason of a TrendJob's condition Ready.
pub(crate) fn ready_reason(object: &TrendJobObject) -> String {
    condition(object, "Ready").map(|one| one.reason.clone()).unwrap_or_default()
}

/// The digest of a TrendJob's result.
pub(crate) fn digest(object: &TrendJobObject) -> String {
    let result = object.status.as_ref().and_then(|status| status.result.clone());
    result.unwrap_or_default().digest
}
