//! An API server for tests: objects in memory, behind the `tower` service of the client. It fails
//! requests as a test plans, and records all requests.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use kube::Client;
use kube::client::Body;
use operator::watch::{PulseLayer, Pulses};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tower::Layer as _;

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// A failure of a request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The server answers with this code and reason.
    Answer(u16, &'static str),
    /// The server carries out the request; the connection breaks before the answer arrives.
    LostAnswer,
    /// The connection breaks before the request arrives.
    Lost,
}

/// A fault for the next request with this method and a path that contains `path`.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) fault: Fault,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Objects by their path.
    pub(crate) objects: BTreeMap<String, Value>,
    /// The paths and events of all changes, in order, for watches.
    events: Vec<(String, Value)>,
    pub(crate) faults: VecDeque<Planned>,
    /// The methods and paths of all requests but watches.
    pub(crate) requests: Vec<String>,
    version: u64,
    /// Watches that begin before this version fail with 410, Expired.
    pub(crate) forgotten: u64,
    /// True if watches stay open but receive nothing.
    pub(crate) is_silent: bool,
    /// The number of bookmarks that were sent.
    bookmarks: u64,
}

/// An API server in memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct ApiServer {
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

impl ApiServer {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A client of this server.
    pub(crate) fn client(&self) -> Client {
        self.client_with(Pulses::default())
    }

    /// A client that notes each sign of life of this server.
    pub(crate) fn client_with(&self, pulses: Pulses) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move { server.serve(request).await }
        });
        Client::new(PulseLayer(pulses).layer(service), "default")
    }

    /// Sends a bookmark to all watches.
    pub(crate) fn bookmark(&self) {
        self.state().bookmarks += 1;
        self.changed.notify_waiters();
    }

    /// Plans a fault.
    pub(crate) fn fail(&self, method: &'static str, path: &'static str, fault: Fault) {
        self.state().faults.push_back(Planned { method, path, fault });
    }

    /// Stores an object, as a user does.
    pub(crate) fn put(&self, path: &str, object: Value) -> Value {
        let stored = self.state().store(path, object);
        self.changed.notify_waiters();
        stored
    }

    /// Changes an object, as another controller does.
    pub(crate) fn change(&self, path: &str, change: impl FnOnce(&mut Value)) {
        let mut object = self.state().objects[path].clone();
        change(&mut object);
        self.put(path, object);
    }

    /// The paths of the objects that contain a text.
    pub(crate) fn paths(&self, part: &str) -> Vec<String> {
        self.state().objects.keys().filter(|path| path.contains(part)).cloned().collect()
    }

    async fn serve(
        &self,
        request: Request<Body>,
    ) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let (method, path) = (head.method.as_str().to_owned(), head.uri.path().to_owned());
        let query = head.uri.query().unwrap_or_default().to_owned();
        if query.contains("watch=true") {
            return Ok(self.watch(&path, &query));
        }
        let fault = {
            let mut state = self.state();
            state.requests.push(format!("{method} {path}"));
            let hit =
                state.faults.iter().position(|one| one.method == method && path.contains(one.path));
            hit.and_then(|at| state.faults.remove(at))
        };
        let broken = || Err("connection reset by peer".into());
        match fault.map(|planned| planned.fault) {
            Some(Fault::Answer(code, reason)) => Ok(failure(code, reason)),
            Some(Fault::Lost) => broken(),
            Some(Fault::LostAnswer) => {
                self.answer(&method, &path, &body);
                broken()
            }
            None => Ok(self.answer(&method, &path, &body)),
        }
    }

    fn answer(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut state = self.state();
        let answer = match method {
            "GET" if state.objects.contains_key(path) => reply(200, &state.objects[path]),
            "GET" if is_collection(path) => state.list(path),
            "POST" => {
                let name = sent["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                let at = format!("{path}/{name}");
                if state.objects.contains_key(&at) {
                    failure(409, "AlreadyExists")
                } else {
                    reply(201, &state.store(&at, sent))
                }
            }
            "PATCH" => {
                let at = path.trim_end_matches("/status");
                match state.objects.get(at).cloned() {
                    Some(mut object) => {
                        crate::cluster::manifests::merge(&mut object, sent);
                        reply(200, &state.store(at, object))
                    }
                    None => failure(404, "NotFound"),
                }
            }
            "DELETE" => match state.objects.remove(path) {
                Some(object) => {
                    state.happened(path, "DELETED", object.clone());
                    reply(200, &object)
                }
                None => failure(404, "NotFound"),
            },
            _ => failure(404, "NotFound"),
        };
        drop(state);
        self.changed.notify_waiters();
        answer
    }

    /// Answers a watch: sends the changes of a collection since a version, then each later change.
    fn watch(&self, path: &str, query: &str) -> Answer {
        let since = query.split('&').find_map(|part| part.strip_prefix("resourceVersion="));
        let since: u64 = since.and_then(|text| text.parse().ok()).unwrap_or(0);
        if since < self.state().forgotten {
            return failure(410, "Expired");
        }
        let sent = self.state().bookmarks;
        let start = (self.clone(), path.to_owned(), since, sent);
        let lines = futures::stream::unfold(start, async |(server, path, since, sent)| {
            loop {
                // Created before the state is read, so no change in between is missed.
                let signal = Arc::clone(&server.changed);
                let changed = signal.notified();
                if server.state().is_silent {
                    changed.await;
                    continue;
                }
                let next = server.state().after(&path, since);
                if let Some((version, event)) = next {
                    return Some((line(&event), (server, path, version, sent)));
                }
                let bookmarks = server.state().bookmarks;
                if bookmarks > sent {
                    let event = json!({"type": "BOOKMARK", "object": {
                        "kind": "x", "apiVersion": "x", "metadata": {"resourceVersion": since.to_string()},
                    }});
                    return Some((line(&event), (server, path, since, bookmarks)));
                }
                changed.await;
            }
        });
        Response::builder().status(200).body(StreamBody::new(lines).boxed_unsync()).unwrap()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a body is a stream of results")]
fn line(event: &Value) -> Result<Frame<Bytes>, Infallible> {
    Ok(Frame::data(Bytes::from(format!("{event}\n").into_bytes())))
}

impl State {
    fn store(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = format!("uid-{}", self.version).into();
            object["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z".into();
        }
        let known = self.objects.insert(path.to_owned(), object.clone()).is_some();
        self.happened(path, if known { "MODIFIED" } else { "ADDED" }, object.clone());
        object
    }

    fn happened(&mut self, path: &str, kind: &str, mut object: Value) {
        if kind == "DELETED" {
            self.version += 1;
            object["metadata"]["resourceVersion"] = self.version.to_string().into();
        }
        self.events.push((path.to_owned(), json!({"type": kind, "object": object})));
    }

    fn list(&self, path: &str) -> Answer {
        let below = |at: &&String| is_in(at, path);
        let items: Vec<_> =
            self.objects.keys().filter(below).map(|at| self.objects[at].clone()).collect();
        let metadata = json!({"resourceVersion": self.version.to_string()});
        reply(
            200,
            &json!({"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items}),
        )
    }

    fn after(&self, path: &str, since: u64) -> Option<(u64, Value)> {
        self.events.iter().filter(|(at, _)| is_in(at, path)).find_map(|(_, event)| {
            let version = event["object"]["metadata"]["resourceVersion"].as_str()?.parse().ok()?;
            (version > since).then(|| (version, event.clone()))
        })
    }
}

/// Returns true if an object is in a collection of one namespace or of all.
fn is_in(at: &str, collection: &str) -> bool {
    let (rest, kind) = collection.rsplit_once('/').unwrap();
    at.starts_with(rest) && at.rsplit('/').nth(1) == Some(kind)
}

fn is_collection(path: &str) -> bool {
    let kind = path.rsplit('/').next().unwrap();
    ["trendjobs", "jobs", "pods", "events", "configmaps"].contains(&kind)
}

fn reply(code: u16, object: &Value) -> Answer {
    let code = StatusCode::from_u16(code).unwrap();
    Response::builder()
        .status(code)
        .body(Full::new(Bytes::from(object.to_string())).boxed_unsync())
        .unwrap()
}

fn failure(code: u16, reason: &str) -> Answer {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure",
        "code": code, "reason": reason, "message": format!("the server answers {reason}"),
    });
    reply(code, &status)
}
