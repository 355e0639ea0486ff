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

/// A patience that a test can wait for.
fn impatient() -> Remote {
    Remote { patience: Duration::from_millis(700), ..Remote::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_of_any_size_from_one_byte_up_read_each_line_once() {
    let content = b"{\"text\":\"peace\"}\n\n{\"text\":\"love hope\"}\r\n{\"text\":\"love\"}";
    let server = Server::start(Served::new(content.to_vec()));
    let mut digests = Vec::new();
    for chunk_size in 1..=content.len() as u64 {
        let spec = spec(vec![server.url("/posts")], chunk_size);
        let published = run(spec, Remote::default()).await.unwrap();
        assert_eq!(published.contents.records.read, 4, "{chunk_size}");
        digests.push(published.contents.digest);
    }
    digests.dedup();
    assert_eq!(digests.len(), 1);
}

/// A run over content on one line, in chunks of 1 MiB. Returns its error, and the requests and
/// bytes that it cost.
async fn one_line(content: Vec<u8>) -> (String, usize, u64) {
    let server = Server::start(Served::new(content));
    let error =
        run(spec(vec![server.url("/posts")], 1 << 20), Remote::default()).await.unwrap_err();
    (error.to_string(), server.requests(), server.bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_line_is_read_about_once_whatever_the_number_of_its_chunks() {
    let size = 32 << 20;
    let array = [b"[", "{\"text\":\"love\"},".repeat(size / 16).as_bytes()].concat();
    let size = array.len() as u64;
    let (error, requests, bytes) = one_line(array).await;
    assert!(error.contains("this looks like one JSON array"), "{error}");
    assert!(bytes * 10 <= size * 11, "{bytes} bytes of {size}");
    assert!(requests < 60, "{requests}");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_weak_version_are_never_requested() {
    let other =
        Arc::new(records().iter().map(|byte| if *byte == b'w' { b'v' } else { *byte }).collect());
    let recent =
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:38 GMT\r\n";
    for (tag, headers) in [(Some("W/\"v"), ""), (None, recent)] {
        // Planned with the first request; the content changes after the second, its version doesn't.
        let replace_after = Some((2, Arc::clone(&other)));
        let script = Served { replace_after, tag, headers, ..Served::new(records()) };
        let server = Server::start(script);
        let published =
            run(spec(vec![server.url("/posts")], 1_000), Remote::default()).await.unwrap();
        assert_eq!((published.plan.chunks, server.requests()), (1, 2), "{tag:?}");
        assert_eq!(published.contents.digest, expected().await, "{tag:?}");
    }
    let settled =
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 09:49:38 GMT\r\n";
    let script = Served { tag: Some("W/\"v"), headers: settled, ..Served::new(records()) };
    let server = Server::start(script);
    let published = run(spec(vec![server.url("/posts")], 20_000), Remote::default()).await.unwrap();
    assert!(published.plan.chunks > 1, "an old time ties parts together");
    assert_eq!(published.contents.digest, expected().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_odd_answer_is_not_taken_for_a_change() {
    let odd: [Served; 2] = [
        Served { odd_version: Some(4), ..Served::new(records()) },
        Served { odd_whole: Some(4), ..Served::new(records()) },
    ];
    for script in odd {
        let server = Server::start(script);
        let published = run(spec(vec![server.url("/posts")], 20_000), impatient()).await.unwrap();
        assert!(server.requests() > 5, "the odd answer was one of several");
        assert_eq!(published.contents.digest, expected().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_gives_next_to_nothing_ends_the_run() {
    let trickles = [
        Served { at_most: Some(1), ..Served::new(records()) },
        Served { ranges: false, pause: Some(Duration::from_millis(30)), ..Served::new(records()) },
    ];
    for script in trickles {
        let ranges = script.ranges;
        let server = Server::start(script);
        let error = run(spec(vec![server.url("/posts")], 1 << 20), impatient()).await.unwrap_err();
        assert_eq!((error.reason(), error.is_permanent()), ("ReadFailed", false), "{error}");
        assert!(server.requests() < 40, "{ranges}: {}", server.requests());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_are_shorter_than_requested_are_read_without_a_wait() {
    let server = Server::start(Served { part_at_most: Some(1_000), ..Served::new(records()) });
    // Waits between the parts would use it up after about ten of them.
    let remote = Remote { patience: Duration::from_secs(20), ..Remote::default() };
    let published = run(spec(vec![server.url("/posts")], 1 << 20), remote).await.unwrap();
    assert!(server.requests() > 30, "{}", server.requests());
    assert_eq!(published.contents.digest, expected().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_compressed_on_its_way_is_refused_at_once() {
    let script = Served { headers: "Content-Encoding: gzip\r\n", ..Served::new(records()) };
    let server = Server::start(script);
    let error = error(&server, Remote::default()).await;
    assert!(error.is_permanent(), "{error}");
    assert!(error.to_string().contains("(Content-Encoding: gzip)"), "{error}");
    assert_eq!(server.requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_that_no_object_has_are_refused() {
    for told in [1 << 61, 1 << 63, u64::MAX] {
        let server = Server::start(Served { told_size: Some(told), ..Served::new(records()) });
        let uris = ["/posts", "/posts?b"].map(|path| server.url(path)).to_vec();
        let error = run(spec(uris, 1 << 20), Remote::default()).await.unwrap_err();
        assert!(error.is_permanent(), "{error}");
        let message = error.to_string();
        assert!(
            message.contains("too large") && message.contains(&server.url("/posts")),
            "{message}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_with_several_urls_is_read_once() {
    let server = Server::start(Served::new(records()));
    let url = server.url("/posts");
    let spellings = vec![
        url.clone(),
        url.replace("http:", "HTTP:"),
        format!("{url}#part"),
        server.url("/moved"),
        server.url("/moved?again"),
    ];
    let published = run(spec(spellings, 1 << 20), Remote::default()).await.unwrap();
    assert_eq!(published.plan.objects.len(), 1);
    assert_eq!(published.contents.digest, expected().await);
    let other = vec![url, server.url("/posts?other")];
    let published = run(spec(other, 1 << 20), Remote::default()).await.unwrap();
    assert_eq!(published.plan.objects.len(), 2, "a query may name another object");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_retry_mends_is_final_at_once() {
    let server = Server::start(Served::new(records()));
    let broken = Credentials::Bearer("two\nlines".to_owned());
    let remote = Remote { credentials: Some(broken), ..Remote::default() };
    let error = error(&server, remote).await;
    assert!(error.is_permanent() && error.to_string().contains("HTTP_BEARER_TOKEN"), "{error}");
    assert!(!error.to_string().contains("two"), "{error}");
    assert_eq!(server.requests(), 0);
    let error = run(spec(vec![server.url("/loop")], 1), Remote::default()).await.unwrap_err();
    assert!(error.is_permanent() && error.to_string().contains("redirect"), "{error}");
    assert!(server.requests() <= 11, "{}", server.requests());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_in_a_query_is_sent_but_never_shown() {
    let script = Served { change_after: Some(1), ..Served::new(b"no json\n".to_vec()) };
    let server = Server::start(script);
    let signed = server.url("/posts?v=1&sig=c2VjcmV0LXNpZ25hdHVyZQ%3D%3D");
    let changed = run(spec(vec![signed.clone()], 1 << 20), impatient()).await.unwrap_err();
    let server = Server::start(Served::new(b"no json\n".to_vec()));
    let signed = signed.replace(&changed_port(&signed), &changed_port(&server.url("/posts")));
    let malformed = run(spec(vec![signed.clone()], 1 << 20), impatient()).await.unwrap_err();
    for error in [&changed, &malformed] {
        let message = error.to_string();
        assert!(
            message.contains("/posts?v=1&sig=..") && !message.contains("c2VjcmV0"),
            "{message}"
        );
    }
    assert!(server.paths().iter().all(|path| path.ends_with("sig=c2VjcmV0LXNpZ25hdHVyZQ%3D%3D")));
}

/// The port of a URL.
fn changed_port(url: &str) -> String {
    url.split(['/', ':']).nth(4).unwrap().to_owned()
}
