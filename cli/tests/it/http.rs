//! The answers of `serve` over plain TCP: the original program's endpoint byte for byte, and
//! version 1.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::command::{Running, Workspace, until};
use crate::inputs::{statuses, word};

/// A server on a port of its own, with its workspace.
pub(crate) struct Server {
    workspace: Workspace,
    running: Running,
    address: String,
}

/// Returns the address of the server from the line of output that announces it.
fn address(line: &str) -> Option<String> {
    let rest = line.split("http://").nth(1)?;
    let end = rest.find(|char: char| !(char.is_ascii_digit() || char == '.' || char == ':'));
    let address = &rest[..end.unwrap_or(rest.len())];
    address.starts_with("127.0.0.1:").then(|| address.to_owned())
}

impl Server {
    #[track_caller]
    fn of(texts: &[&str]) -> Self {
        let workspace = Workspace::new();
        workspace.publish(&[&workspace.write("in.ndjson", statuses(texts.iter().copied()))]);
        Self::start(workspace)
    }

    #[track_caller]
    fn start(workspace: Workspace) -> Self {
        let store = workspace.store();
        Self::over(workspace, &["--store", &store])
    }

    /// A server with these arguments.
    #[track_caller]
    pub(crate) fn over(workspace: Workspace, options: &[&str]) -> Self {
        let args = [&["serve", "--listen", "127.0.0.1:0"][..], options].concat();
        let mut running = Running::start(workspace.command(&args));
        let address = running.line(address);
        Self { workspace, running, address }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, "")
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, headers: &str) -> Reply {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let host = &self.address;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let headers: BTreeMap<String, String> = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        let body = bytes[end + 4..].to_vec();
        assert!(!headers.contains_key("transfer-encoding"), "bodies come whole: {head}");
        if let Some(length) = headers.get("content-length") {
            let promised: usize = length.parse().unwrap();
            assert!(promised == body.len() || status == 304 || method == "HEAD", "{head}");
        }
        Reply { status, headers, body: String::from_utf8(body).unwrap() }
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Reply {
    #[track_caller]
    fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body), "{self:#?}");
        assert!(self.headers["content-type"].starts_with("application/json"), "{self:#?}");
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    #[track_caller]
    fn is_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{self:#?}");
        assert!(self.headers["content-type"].starts_with("application/problem+json"), "{self:#?}");
        assert_eq!(self.json()["status"], status, "{self:#?}");
        assert!(self.json()["title"].is_string(), "{self:#?}");
    }

    /// The rows of a listing: its only array of objects.
    #[track_caller]
    fn rows(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{self:#?}");
        let json = self.json();
        let lists = json.as_object().unwrap().values().filter_map(Value::as_array);
        lists.max_by_key(|list| list.len()).unwrap_or_else(|| panic!("no list: {json}")).clone()
    }
}

const TEXTS: &[&str] = &["love love love", "love peace", "Peace hope", "hope http", "zebra"];

const SEEN: &str = "{\"Hot Topic\":\"love\",\"Hot Topic Trends\":\"4\",\"User Topic\":\"peace\",\
    \"User Topic Trends\":\"2\"}\n";
const UNSEEN: &str = "{\"Hot Topic\":\"love\",\"Hot Topic Trends\":\"4\",\"Message\":\"The topic you \
    selected was not shown up in the past 7 days\"}\n";

#[test]
fn the_originals_endpoint_answers_byte_for_byte() {
    let server = Server::of(TEXTS);
    let hottest = "{\"Hot Topic\":\"love\",\"Hot Topic Trends\":\"4\",\"User Topic\":\"love\",\
        \"User Topic Trends\":\"4\"}\n";
    server.get("/api/trends?source=sample&topic=love").is(200, hottest);
    server.get("/api/trends?source=sample&topic=peace").is(200, SEEN);
    server.get("/api/trends?topic=peace&source=sample").is(200, SEEN);
    server.get("/api/trends?source=sample&topic=nowhere").is(200, UNSEEN);
}

#[test]
fn only_source_and_topic_are_lower_cased() {
    let server = Server::of(TEXTS);
    server.get("/api/trends?source=SAMPLE&topic=PeAcE").is(200, SEEN);
    server.get("/api/trends?source=s%61mple&topic=pe%61ce").is(200, SEEN);
    for unseen in
        ["peace%20", "+peace", "pe", "peac", "peacee", "%23peace", "", "%C3%A9", "peace%00", "the"]
    {
        server.get(&format!("/api/trends?source=sample&topic={unseen}")).is(200, UNSEEN);
    }
    server.get("/api/trends?source=sample&topic=peace&more=ignored").is(200, SEEN);
}

#[test]
fn a_tie_goes_to_the_bytewise_smaller_word() {
    let server = Server::of(&["zebra peace", "peace zebra", "love"]);
    let reply = server.get("/api/trends?source=sample&topic=zebra");
    reply.is(
        200,
        "{\"Hot Topic\":\"peace\",\"Hot Topic Trends\":\"2\",\"User Topic\":\"zebra\",\"User Topic Trends\":\"2\"}\n",
    );
}

#[test]
fn a_missing_parameter_is_named() {
    let server = Server::of(TEXTS);
    let missing = "Missing required parameter in the query string";
    let cases = [
        ("/api/trends?topic=love", serde_json::json!({"message": {"source": missing}})),
        ("/api/trends?source=sample", serde_json::json!({"message": {"topic": missing}})),
        ("/api/trends", serde_json::json!({"message": {"source": missing, "topic": missing}})),
    ];
    for (path, message) in cases {
        server.get(path).is(400, &format!("{message}\n"));
    }
}

#[test]
fn an_unknown_source_is_a_problem_404() {
    let server = Server::of(TEXTS);
    server.get("/api/trends?source=nobody&topic=love").is_problem(404);
    server.get("/api/v1/trends?source=nobody").is_problem(404);
    for odd in ["..%2F..", "a.b", "%00", "trends-sample", ""] {
        let reply = server.get(&format!("/api/trends?source={odd}&topic=love"));
        assert!(matches!(reply.status, 400 | 404), "{odd}: {reply:#?}");
    }
}

#[test]
fn an_unknown_path_is_404_and_an_unknown_method_405() {
    let server = Server::of(TEXTS);
    assert_eq!(server.get("/api/nothing").status, 404);
    assert_eq!(
        server.ask("POST", "/api/trends?source=sample&topic=love", "Content-Length: 0\r\n").status,
        405
    );
    let head = server.ask("HEAD", "/api/trends?source=sample&topic=peace", "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn version_1_ranks_topics_and_pages_them() {
    let texts: Vec<String> = (0..1_200).map(word).collect();
    let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    texts.extend(["love love", "love"]);
    let server = Server::of(&texts);
    let rows = server.get("/api/v1/trends?source=sample").rows();
    assert_eq!(rows.len(), 10, "the default limit is ten");
    assert_eq!((&rows[0]["term"], &rows[0]["count"]), (&"love".into(), &3.into()));
    assert_eq!(rows[0]["documents"], 2);
    let terms = |rows: &[Value]| -> Vec<String> {
        rows.iter().map(|row| row["term"].as_str().unwrap().to_owned()).collect()
    };
    let expected: Vec<String> = server.workspace.rows().into_iter().map(|row| row.term).collect();
    assert_eq!(terms(&rows), expected[..10]);
    let all = server.get("/api/v1/trends?source=sample&limit=1000").rows();
    assert_eq!(terms(&all), expected[..1_000]);
    assert_eq!(server.get("/api/v1/trends?source=sample&limit=1").rows().len(), 1);
    for bad in ["1001", "-1", "many", "99999999999999999999"] {
        server.get(&format!("/api/v1/trends?source=sample&limit={bad}")).is_problem(400);
    }
    server.get("/api/v1/trends").is_problem(400);
}

#[test]
fn version_1_lists_the_sources() {
    let server = Server::of(TEXTS);
    let reply = server.get("/api/v1/sources");
    assert_eq!(reply.status, 200, "{reply:#?}");
    assert!(reply.body.contains("\"sample\""), "{reply:#?}");
}

#[test]
fn an_unchanged_result_is_304_and_a_new_generation_is_200() {
    let mut server = Server::of(TEXTS);
    let path = "/api/v1/trends?source=sample&limit=3";
    let first = server.get(path);
    let tag = first.headers["etag"].clone();
    let unchanged = server.ask("GET", path, &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""), "{unchanged:#?}");
    assert_eq!(unchanged.headers["etag"], tag);
    let listed = server.ask("GET", path, &format!("If-None-Match: \"other\", {tag}\r\n"));
    assert_eq!(listed.status, 304, "{listed:#?}");
    let other = server.ask("GET", path, "If-None-Match: \"other\"\r\n");
    assert_eq!((other.status, &other.body), (200, &first.body));
    let longer = server.get("/api/v1/trends?source=sample&limit=2");
    assert_ne!(longer.headers["etag"], tag, "another query is another representation");

    let file = server.workspace.write("next.ndjson", statuses(["hope hope hope"]));
    server.workspace.publish(&[&file]);
    let changed = until("the server shows the new generation", || {
        let reply = server.ask("GET", path, &format!("If-None-Match: {tag}\r\n"));
        (reply.status == 200).then_some(reply)
    });
    assert_ne!(changed.headers["etag"], tag);
    assert_eq!(changed.rows()[0]["term"], "hope");
    assert!(server.running.child.try_wait().unwrap().is_none(), "the server still runs");
}

#[test]
fn a_rollback_is_served_as_a_new_generation() {
    let server = Server::of(TEXTS);
    let workspace = &server.workspace;
    workspace.publish(&[&workspace.write("next.ndjson", statuses(["hope hope hope"]))]);
    let hot = |word: &str| {
        let path = "/api/trends?source=sample&topic=nowhere";
        let start = format!("{{\"Hot Topic\":\"{word}\",");
        until("the other result is served", || {
            server.get(path).body.starts_with(&start).then_some(())
        });
    };
    hot("hope");
    let store = workspace.store();
    workspace.trendjob(&["rollback", "sample", "--to", "1", "--store", &store]).done();
    hot("love");
    assert_eq!(workspace.rows()[0].term, "love");
}

#[test]
fn an_empty_store_can_be_served() {
    let server = Server::start(Workspace::new());
    server.get("/api/trends?source=sample&topic=love").is_problem(404);
    assert_eq!(server.get("/api/v1/sources").status, 200);
    let file = server.workspace.write("in.ndjson", statuses(TEXTS.iter().copied()));
    server.workspace.publish(&[&file]);
    until("the first result is served", || {
        (server.get("/api/trends?source=sample&topic=peace").body == SEEN).then_some(())
    });
}

#[test]
fn a_run_can_serve_its_result() {
    let workspace = Workspace::new();
    let (store, file) =
        (workspace.store(), workspace.write("in.ndjson", statuses(TEXTS.iter().copied())));
    let args = [
        "run",
        "--source",
        "sample",
        "--store",
        &store,
        "--serve",
        "--listen",
        "127.0.0.1:0",
        &file,
    ];
    let mut running = Running::start(workspace.command(&args));
    let address = running.line(address);
    let server = Server { workspace, running, address };
    server.get("/api/trends?source=sample&topic=peace").is(200, SEEN);
}

#[test]
fn metrics_have_a_port_of_their_own_with_metrics_listen_only() {
    let server = Server::of(TEXTS);
    assert_eq!(server.get("/metrics").status, 404, "the port of the answers has no metrics");
    let workspace = Workspace::new();
    let store = workspace.store();
    // The port was free a moment ago; no other part of this test takes a port by number.
    let metrics = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let args =
        ["serve", "--store", &store, "--listen", "127.0.0.1:0", "--metrics-listen", &metrics];
    let mut running = Running::start(workspace.command(&args));
    let open = until("the metrics port is open", || {
        let ended = running.child.try_wait().unwrap().is_some();
        TcpStream::connect(&metrics).is_ok().then_some(true).or_else(|| ended.then_some(false))
    });
    assert!(open, "the server ended instead: {:#?}", running.outcome());
    let server = Server { workspace, running, address: metrics };
    let reply = server.get("/metrics");
    assert_eq!(reply.status, 200, "{reply:#?}");
    assert!(reply.headers["content-type"].starts_with("text/plain"), "{reply:#?}");
}

#[test]
fn a_port_in_use_is_named() {
    let workspace = Workspace::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (store, file) = (workspace.store(), workspace.write("in.ndjson", statuses(["love"])));
    let outcome = workspace.trendjob(&["serve", "--store", &store, "--listen", &address]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    outcome.failed_with(&[&address, "in use"]);
    outcome.assert_no_panic();
    let args =
        ["run", "--source", "sample", "--store", &store, "--serve", "--listen", &address, &file];
    let outcome = workspace.trendjob(&args);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    outcome.failed_with(&[&address, "in use"]);
    assert_ne!(workspace.top().code, Some(0), "the port is refused before the run, not after it");
    let outcome = workspace.trendjob(&["demo", "--store", &store, "--listen", &address]);
    outcome.failed_with(&[&address, "in use"]);
    assert!(std::fs::metadata(workspace.path("store/demo")).is_err(), "no sample data was made");
    for flag in ["--listen", "--metrics-listen"] {
        let args = ["run", "--source", "sample", "--store", &store, flag, "127.0.0.1:0", &file];
        let outcome = workspace.trendjob(&args);
        assert_eq!(outcome.code, Some(2), "{outcome:#?}");
        outcome.failed_with(&["--serve"]);
    }
}

#[cfg(unix)]
#[test]
fn a_server_stops_at_sigterm() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::of(TEXTS);
        server.get("/api/trends?source=sample&topic=peace").is(200, SEEN);
        server.running.signal(signal);
        let code = server.running.wait().code();
        assert!(
            matches!(code, Some(0 | 130 | 143)),
            "{signal}: the server must end by itself, not with {code:?}"
        );
        assert!(TcpStream::connect(&server.address).is_err(), "the port is free again");
    }
}
