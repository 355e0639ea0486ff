//! The process `trendjob-api`: its readiness, its log and its exit codes.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::Command;

use crate::api::{Api, get};
use crate::results::{QUESTIONS, Twice};

#[test]
fn an_empty_store_is_served_and_sigterm_ends_the_process_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().to_str().unwrap();
    let mut api = Api::start(&["--store", store, "--drain-delay", "0"]);
    api.wait_for("/readyz", "HTTP/1.1 200");
    let answer = get(api.port, "/api/v1/sources").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("{\"sources\":[]}"), "{answer}");
    api.terminate();
    assert_eq!(api.child.wait().unwrap().code(), Some(0));
}

#[testing::needs(mongodb)]
#[test]
fn a_database_and_a_folder_give_the_same_answers() {
    let results = Twice::publish("api");
    let folder = Api::start(&["--store", results.store().to_str().unwrap()]);
    let database = ["--mongodb-uri", &results.uri, "--database", &results.database];
    let database = Api::start(&database);
    for api in [&folder, &database] {
        api.wait_for("/readyz", "HTTP/1.1 200");
    }
    let body = |answer: String| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    for question in QUESTIONS {
        let answers = [&folder, &database].map(|api| body(get(api.port, question).unwrap()));
        assert_eq!(answers[0], answers[1], "{question}");
    }
    let topic = body(get(database.port, QUESTIONS[0]).unwrap());
    assert!(topic.contains("\"User Topic Trends\":\"2\""), "{topic}");
}

#[test]
fn a_process_without_its_database_is_alive_and_not_ready() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut api = Api::start(&["--mongodb-uri", &format!("mongodb://user:s3cret@{unused}/")]);
    api.wait_for("/livez", "HTTP/1.1 200");
    api.wait_for("/readyz", "HTTP/1.1 503");
    let log = BufReader::new(api.child.stderr.take().unwrap());
    let waiting =
        log.lines().map_while(Result::ok).find(|line| line.contains("waiting for the store"));
    let waiting = waiting.expect("the log names the store that it waits for");
    assert!(waiting.contains(&unused.to_string()) && !waiting.contains("s3cret"), "{waiting}");
}

#[test]
fn a_missing_store_flag_is_named() {
    let mut api = Api::start(&[]);
    assert_eq!(api.child.wait().unwrap().code(), Some(1));
    let mut log = String::new();
    api.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("set MONGODB_URI"), "{log}");
}

#[test]
fn the_openapi_document_is_printed() {
    let printed = Command::new(env!("CARGO_BIN_EXE_trendjob-api")).arg("openapi").output().unwrap();
    assert!(printed.status.success());
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/openapi.json");
    assert!(printed.stdout == std::fs::read(committed).unwrap());
}

#[test]
fn every_request_is_one_line_of_json_with_the_log_filter_info() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().to_str().unwrap();
    let mut api = Api::start(&["--store", store, "--drain-delay", "0", "--log", "info"]);
    api.wait_for("/readyz", "HTTP/1.1 200");
    get(api.port, "/api/v1/trends?source=sample&limit=2").unwrap();
    get(api.port, "/no\"where?x=%0a").unwrap();
    api.terminate();
    let log = BufReader::new(api.child.stderr.take().unwrap());
    let lines = log.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
    let lines: Vec<serde_json::Value> = lines.collect();
    let lines: Vec<_> = lines.iter().filter(|line| line["target"] == "access").collect();
    let field = |field: &str| lines.iter().map(|line| line[field].clone()).collect::<Vec<_>>();
    assert_eq!(field("uri"), ["/api/v1/trends?source=sample&limit=2", "/no\"where?x=%0a"]);
    assert_eq!(field("route"), ["/api/v1/trends", "none"]);
    assert_eq!(field("method"), ["GET", "GET"]);
    assert_eq!(field("status"), [404, 404]);
    assert_eq!(field("level"), ["INFO", "INFO"]);
    assert!(
        lines.iter().all(|line| line["seconds"].is_f64() && line["id"].is_string()),
        "{lines:?}"
    );
}
