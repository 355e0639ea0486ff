//! Input from servers, over real connections to a server with faults.
#![cfg(feature = "http")]
#![expect(clippy::unwrap_used, reason = "a test that can't continue fails")]

mod server;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use pipeline::input::{Credentials, Remote};
use pipeline::local::{self, PublishedRun};
use pipeline::{Context, Error, Limits, Spec};
use store::{AttemptId, ObjectStore, RunId, SourceName};
use trends::Partitions;

use server::{Served, Server};

/// Records of many lengths, some longer than a chunk, so that cuts fall everywhere.
fn records() -> Vec<u8> {
    let mut text = String::new();
    for number in 0..4_000 {
        let pad = "pad ".repeat(number % 97 * usize::from(number % 50 == 0));
        writeln!(text, r#"{{"text":"word{} common {pad}","id":{number}}}"#, letters(number))
            .unwrap();
    }
    text.into_bytes()
}

fn letters(number: usize) -> String {
    number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

fn spec(uris: Vec<String>, chunk_size: u64) -> Spec {
    Spec {
        chunk_size,
        max_shards: 500,
        partitions: Partitions::new(2).unwrap(),
        ..Spec::new(SourceName::new("sample").unwrap(), uris)
    }
}

async fn run(spec: Spec, remote: Remote) -> Result<PublishedRun, Error> {
    let context = Context {
        remote,
        ..Context::new(
            Arc::new(ObjectStore::in_memory().await.unwrap()),
            tokio::runtime::Handle::current(),
            RunId::new("run").unwrap(),
            AttemptId::new("attempt").unwrap(),
            Limits::new(2, 64 << 20, std::env::temp_dir(), 1),
        )
    };
    let run =
        move || local::run(&context, Some(&spec), |_, _| Ok(()), || "2026-01-01T00:00:00Z".into());
    tokio::task::spawn_blocking(run).await.unwrap()
}

async fn digest(server: &Server, path: &str, chunk_size: u64) -> String {
    let published = run(spec(vec![server.url(path)], chunk_size), Remote::default()).await.unwrap();
    published.contents.digest
}

async fn error(server: &Server, remote: Remote) -> Error {
    run(spec(vec![server.url("/posts")], 1 << 20), remote).await.unwrap_err()
}

/// The digest of the same records in a file.
async fn expected() -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posts");
    std::fs::write(&path, records()).unwrap();
    let published = run(spec(vec![path.display().to_string()], 1 << 30), Remote::default()).await;
    published.unwrap().contents.digest
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_of_any_size_give_the_digest_of_the_file() {
    let expected = expected().await;
    let server = Server::start(Served::new(records()));
    for chunk_size in [1_000, 4_096, 77_777, 1 << 30] {
        assert_eq!(digest(&server, "/posts", chunk_size).await, expected, "{chunk_size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_ranges_is_read_as_one_chunk() {
    let server = Server::start(Served { ranges: false, ..Served::new(records()) });
    let published = run(spec(vec![server.url("/posts")], 1_000), Remote::default()).await.unwrap();
    assert_eq!(published.plan.chunks, 1);
    assert_eq!(published.contents.digest, expected().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_objects_are_read_in_pieces_too() {
    let packed = zstd::encode_all(records().as_slice(), 1).unwrap();
    let server = Server::start(Served::new(packed));
    assert_eq!(digest(&server, "/posts.zst", 1_000).await, expected().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_answers_and_a_server_that_fails_now_and_then_lose_nothing() {
    let script = Served { cut_every: Some(3), fail_every: Some(4), ..Served::new(records()) };
    let server = Server::start(script);
    assert_eq!(digest(&server, "/posts", 50_000).await, expected().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_changes_under_a_run_fails_it() {
    for ranges in [true, false] {
        let script = Served { ranges, change_after: Some(2), ..Served::new(records()) };
        let server = Server::start(script);
        let published = run(spec(vec![server.url("/posts")], 20_000), Remote::default()).await;
        if ranges {
            let error = published.unwrap_err();
            assert_eq!(error.reason(), "SourceChanged", "{error}");
            assert!(error.to_string().contains("\"v2\" instead of \"v1\""), "{error}");
            assert!(error.is_permanent());
        } else {
            // Planned with the first request and read with the second: one version.
            assert_eq!(published.unwrap().contents.digest, expected().await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_without_a_version_are_never_requested() {
    let script = Served { tag: None, change_after: Some(2), ..Served::new(records()) };
    let server = Server::start(script);
    let published = run(spec(vec![server.url("/posts")], 1_000), Remote::default()).await.unwrap();
    assert_eq!((published.plan.chunks, server.requests()), (1, 2));
    assert_eq!(published.contents.digest, expected().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_other_than_the_requested_one_is_refused() {
    let server = Server::start(Served { shifted: 7, ..Served::new(records()) });
    let published = run(spec(vec![server.url("/posts")], 20_000), Remote::default()).await;
    let error = published.unwrap_err();
    assert_eq!(error.reason(), "SourceChanged", "{error}");
    assert!(error.to_string().contains("to a request for the bytes from"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_a_server_that_refuses_parts_is_read_as_a_whole() {
    let server = Server::start(Served { refuses_parts: true, ..Served::new(records()) });
    assert_eq!(digest(&server, "/posts", 1_000).await, expected().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_answer_is_requested_again_or_ends_the_attempt() {
    let remote = Remote { patience: Duration::from_secs(1), ..Remote::default() };
    for ranges in [true, false] {
        let script = Served { ranges, stall_every: Some(2), ..Served::new(records()) };
        let server = Server::start(script);
        let published = run(spec(vec![server.url("/posts")], 1 << 30), remote.clone()).await;
        if ranges {
            assert_eq!(published.unwrap().contents.digest, expected().await);
        } else {
            let error = published.unwrap_err();
            assert!(!error.is_permanent(), "another attempt may succeed: {error}");
            assert!(error.to_string().contains(&server.url("/posts")), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_sent_and_missing_ones_are_named_without_a_retry() {
    let guarded =
        || Served { authorization: Some("Bearer secret".to_owned()), ..Served::new(records()) };
    let server = Server::start(guarded());
    let error = error(&server, Remote::default()).await;
    assert!(error.is_permanent() && error.to_string().contains("HTTP_BEARER_TOKEN"), "{error}");
    assert_eq!(server.requests(), 1);
    let remote =
        Remote { credentials: Some(Credentials::Bearer("secret".to_owned())), ..Remote::default() };
    assert!(!format!("{remote:?}").contains("secret"));
    run(spec(vec![server.url("/posts")], 1 << 20), remote).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_object_fails_at_once_and_a_silent_server_after_a_while() {
    let server = Server::start(Served::new(records()));
    let missing = run(spec(vec![server.url("/missing")], 1), Remote::default()).await.unwrap_err();
    assert!(missing.is_permanent() && missing.to_string().contains("404"), "{missing}");
    let gone = format!("http://127.0.0.1:{}/posts", server::unused_port());
    let remote = Remote { patience: Duration::from_millis(300), ..Remote::default() };
    let gone = run(spec(vec![gone], 1), remote).await.unwrap_err();
    assert!(!gone.is_permanent(), "{gone}");
    let url = server.url("/posts").replace("http://", "http://user:hidden@");
    let named = run(spec(vec![url], 1), Remote::default()).await.unwrap_err().to_string();
    assert!(named.contains("credentialsSecretRef") && !named.contains("hidden"), "{named}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_object_is_an_empty_input() {
    let server = Server::start(Served::new(Vec::new()));
    let published = run(spec(vec![server.url("/posts")], 1), Remote::default()).await.unwrap();
    assert_eq!((published.plan.shards.len(), published.contents.records.read), (0, 0));
}
