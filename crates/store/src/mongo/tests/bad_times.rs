//! Server failures that a healthy server can't show: the documented codes, from a scripted server.

use super::server::{Answer, Server, done, failure, found};
use super::*;
use crate::AttemptId;

/// A store on a scripted server.
async fn store(server: &Server, patience: Duration) -> MongoStore {
    let uri = MongoUri::new(&format!("mongodb://127.0.0.1:{}/?directConnection=true", server.port));
    // Opening reads the format first: this server has none.
    server.then([nothing()]);
    let mut store = open(uri, LONG).await.unwrap();
    store.patience = patience;
    store
}

async fn open(uri: MongoUri, patience: Duration) -> Result<MongoStore, StoreError> {
    let (database, ca_file, opening) = ("test".to_owned(), None, Opening::CheckFormat);
    MongoStore::open(&MongoOptions { uri, database, ca_file, opening, patience }).await
}

fn nothing() -> Answer {
    Answer::Reply(found(Vec::new()))
}

fn write_error(code: i32, message: &str) -> Answer {
    let error = doc! { "index": 0, "code": code, "errmsg": message };
    Answer::Reply(doc! { "ok": 1, "n": 0, "writeErrors": [error] })
}

fn key() -> Key {
    Key::plan(&RunId::new("run").unwrap())
}

const LONG: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_wrong_password_is_reported_at_once_and_never_shown() {
    let server = Server::start([failure(18, "AuthenticationFailed", "Authentication failed.")]);
    let uri = format!("mongodb://user:s3cret@127.0.0.1:{}/?directConnection=true", server.port);
    let error = open(MongoUri::new(&uri), LONG).await.unwrap_err();
    assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("check the URI in the Secret") && !shown.contains("s3cret"), "{shown}");
    assert_eq!(server.received.lock().unwrap().len(), 1, "one try");
}

#[tokio::test]
async fn a_denied_user_gets_the_name_of_the_role() {
    let server = Server::start([]);
    let store = store(&server, LONG).await;
    server.then([failure(13, "Unauthorized", "not authorized on test to execute command")]);
    let error = store.insert(&key(), "x".into()).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Denied { what, .. } if what.contains("readWrite")),
        "{error}"
    );
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn elections_shutdowns_and_cut_connections_are_waited_out() {
    let server = Server::start([]);
    let store = store(&server, LONG).await;
    server.then([
        failure(10107, "NotWritablePrimary", "not primary"),
        failure(91, "ShutdownInProgress", "shutting down"),
        Answer::Cut,
        done(),
    ]);
    let inserted = store.insert(&key(), "x".into()).await.unwrap();
    assert_eq!(inserted, Insertion::Inserted);
}

#[tokio::test]
async fn an_insert_whose_reply_was_lost_recognises_its_own_value() {
    let server = Server::start([]);
    let store = store(&server, LONG).await;
    server.then([Answer::Cut, write_error(11000, "E11000 duplicate key"), Answer::Inserted]);
    let inserted = store.insert(&key(), "x".into()).await.unwrap();
    assert_eq!(inserted, Insertion::Inserted);
}

#[tokio::test]
async fn a_document_without_a_majority_is_waited_for_and_inserted_again_if_it_is_lost() {
    let server = Server::start([]);
    let store = store(&server, LONG).await;
    let present = || write_error(11000, "E11000 duplicate key");
    // A primary that loses an election loses documents that no other server has.
    server.then([present(), nothing(), present(), nothing(), done()]);
    let inserted = store.insert(&key(), "x".into()).await.unwrap();
    assert_eq!(inserted, Insertion::Inserted);
    assert_eq!(server.received.lock().unwrap().len(), 1 + 5);
}

#[tokio::test]
async fn an_insert_that_comes_second_returns_the_present_value() {
    let server = Server::start([]);
    let store = store(&server, LONG).await;
    let other = ValueDocument {
        id: "run".to_owned(),
        run: None,
        stage: None,
        n: None,
        by: "another".to_owned(),
        value: binary(&"theirs".into()),
    };
    let other = mongodb::bson::serialize_to_document(&other).unwrap();
    server.then([
        write_error(11000, "E11000 duplicate key"),
        Answer::Reply(found(vec![other.into()])),
    ]);
    let inserted = store.insert(&key(), "mine".into()).await.unwrap();
    assert_eq!(inserted, Insertion::Present("theirs".into()));
}

#[tokio::test]
async fn a_full_disk_is_reported_as_such_and_at_once() {
    let server = Server::start([]);
    let store = store(&server, LONG).await;
    for answer in [
        failure(14031, "OutOfDiskSpace", "Cannot insert, out of disk space"),
        write_error(8, "WT_ERROR: No space left on device"),
    ] {
        server.then([answer]);
        let attempt = AttemptId::new("a").unwrap();
        let run = RunId::new("run").unwrap();
        let block = BlockKey { run, stage: Stage::Etl, index: 0, attempt, name: "x".to_owned() };
        let error = store.put_block(&block, "x".into()).await.unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_write_without_a_majority_is_an_error() {
    let server = Server::start([]);
    let store = store(&server, Duration::from_secs(1)).await;
    let concern = doc! { "code": 64, "codeName": "WriteConcernTimeout", "errmsg": "waiting for replication timed out" };
    let unconfirmed = Answer::Reply(doc! { "ok": 1, "n": 1, "writeConcernError": concern });
    server.then(std::iter::repeat_n(unconfirmed, 50));
    let error = store.insert(&key(), "x".into()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }) && error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn a_silent_or_absent_server_fails_after_the_patience() {
    let server = Server::start([]);
    let store = store(&server, Duration::from_secs(1)).await;
    server.then(std::iter::repeat_n(Answer::Silence, 50));
    let error = store.get(&key()).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let absent = MongoUri::new(&format!("mongodb://{unused}/"));
    let error = open(absent, Duration::from_secs(1)).await.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains(&unused.to_string()), "{error}");
}

#[tokio::test]
async fn an_invalid_uri_is_refused_without_being_shown() {
    for uri in [
        "",
        "localhost:27017",
        "mongodb://user:p@ss@w@host/",
        "mongodb://user:s3cret@/",
        "http://user:s3cret@host/",
    ] {
        let error = open(MongoUri::new(uri), LONG).await.unwrap_err();
        assert!(matches!(error, StoreError::Refused(_)), "{uri}: {error:?}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

#[tokio::test]
async fn an_invalid_ca_file_is_refused_before_any_request() {
    let folder = tempfile::tempdir().unwrap();
    let (absent, other) = (folder.path().join("absent.crt"), folder.path().join("key.pem"));
    std::fs::write(&other, "-----BEGIN PRIVATE KEY-----\n").unwrap();
    for (file, expected) in [(absent, "No such file"), (other, "has no certificate")] {
        let options = MongoOptions {
            uri: MongoUri::new("mongodb://127.0.0.1:1/"),
            database: "test".to_owned(),
            ca_file: Some(file.clone()),
            opening: Opening::CheckFormat,
            patience: LONG,
        };
        let error = MongoStore::open(&options).await.unwrap_err();
        assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
        let error = error.to_string();
        assert!(error.contains(expected) && error.contains(file.to_str().unwrap()), "{error}");
    }
}
