//! Server failures that a healthy server can't show: the documented codes, from a scripted server.

use std::sync::atomic::Ordering;

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

/// A store on the primary of a replica set that answers by a rule.
async fn on_primary(rule: fn(&Document) -> Answer) -> (MongoStore, Server) {
    let server = Server::primary(rule);
    let uri = MongoUri::new(&format!("mongodb://127.0.0.1:{}/?replicaSet=rs0", server.port));
    (open(uri, LONG).await.unwrap(), server)
}

fn is(command: &Document, name: &str) -> bool {
    command.keys().next().is_some_and(|first| first == name)
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
async fn a_closed_store_leaves_no_connection_open() {
    let (store, server) = on_primary(|command| Answer::Reply(empty(command))).await;
    store.get(&key()).await.unwrap();
    let open = || server.connections.load(Ordering::SeqCst);
    assert!(open() > 0);
    // Another handle of the store stays: only the call closes the connections.
    store.clone().close().await;
    let closed = tokio::time::timeout(LONG, async {
        while open() > 0 {
            tokio::task::yield_now().await;
        }
    });
    closed.await.expect("the server sees the end of each connection");
    drop(store);
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
async fn a_server_that_refuses_retryable_writes_stores_values() {
    // The answer of Amazon DocumentDB, and that of Cosmos DB, to a numbered write.
    let (store, server) = on_primary(|command| match command.get("txnNumber") {
        Some(_) => failure(301, "", "Retryable writes are not supported"),
        None if is(command, "find") => nothing(),
        None => done(),
    })
    .await;
    assert_eq!(store.insert(&key(), "x".into()).await.unwrap(), Insertion::Inserted);
    store.remove_run(&RunId::new("run").unwrap()).await.unwrap();
    let received = server.received.lock().unwrap();
    assert!(received.iter().any(|command| is(command, "insert")), "{received:?}");
}

#[tokio::test]
async fn the_messages_of_atlas_tell_a_full_cluster_from_a_wrong_password_and_a_missing_right() {
    let server = Server::start([]);
    let store = store(&server, LONG).await;
    let answer = async |message: &str| {
        server.then([failure(8000, "AtlasError", message)]);
        store.insert(&key(), "x".into()).await.unwrap_err()
    };
    let full = answer("you are over your space quota, using 512 MB of 512 MB").await;
    assert!(matches!(full, StoreError::Full { .. }), "{full:?}");
    let unknown = answer("bad auth : Authentication failed.").await;
    let StoreError::Denied { what, .. } = &unknown else { panic!("{unknown:?}") };
    assert!(what.contains("check the URI in the Secret"), "{what}");
    let right = answer("user is not allowed to do action [insert] on [test.trendjob.plans]").await;
    let StoreError::Denied { what, .. } = &right else { panic!("{right:?}") };
    assert!(what.contains("readWrite"), "{what}");
    let other = answer("noop is not allowed in this atlas tier").await;
    assert!(other.to_string().contains("noop is not allowed in this atlas tier"), "{other:?}");
}

#[tokio::test]
async fn a_rename_is_confirmed_by_a_majority_of_the_servers() {
    let server = Server::start([]);
    let store = store(&server, LONG).await;
    let concern = doc! { "code": 64, "errmsg": "waiting for replication timed out" };
    let unconfirmed = Answer::Reply(doc! { "ok": 1, "writeConcernError": concern });
    server.then([unconfirmed, done()]);
    assert!(plain::swap(&store, "trends-s~a", "trends-s").await.unwrap());
    let received = server.received.lock().unwrap();
    let renames = received.iter().filter(|command| is(command, "renameCollection"));
    let concerns: Vec<_> =
        renames.map(|rename| rename.get_document("writeConcern").unwrap()).collect();
    let majority = doc! { "w": "majority" };
    assert_eq!(concerns, [&majority, &majority]);
}

#[tokio::test]
async fn too_many_requests_at_once_are_repeated_later() {
    let server = Server::start([]);
    let store = store(&server, LONG).await;
    server.then([write_error(16500, "Request rate is large"), done()]);
    assert_eq!(store.insert(&key(), "x".into()).await.unwrap(), Insertion::Inserted);
}

/// The time of the writes of the server below.
const WRITTEN: mongodb::bson::Timestamp = mongodb::bson::Timestamp { time: 7, increment: 9 };

/// The reply of a server without documents.
fn empty(command: &Document) -> Document {
    if is(command, "find") {
        found(Vec::new())
    } else {
        doc! { "ok": 1, "n": 1, "values": [] }
    }
}

/// The time that a read waits for, if it waits.
fn waits_for(command: &Document) -> Option<mongodb::bson::Timestamp> {
    command.get_document("readConcern").ok()?.get_timestamp("afterClusterTime").ok()
}

#[tokio::test]
async fn a_read_waits_for_the_last_write_of_its_store() {
    let (store, server) = on_primary(|command| {
        let mut reply = empty(command);
        if is(command, "insert") {
            reply.insert("operationTime", WRITTEN);
        }
        Answer::Reply(reply)
    })
    .await;
    store.get(&key()).await.unwrap();
    store.insert(&key(), "x".into()).await.unwrap();
    store.clone().get(&key()).await.unwrap();
    store.runs().await.unwrap();
    let received = server.received.lock().unwrap();
    let finds: Vec<_> = received.iter().filter(|command| is(command, "find")).collect();
    let waits: Vec<_> = finds.iter().map(|find| waits_for(find)).collect();
    // The first read is of the format.
    assert_eq!(waits, [None, None, Some(WRITTEN), Some(WRITTEN)]);
    let levels = finds.iter().map(|find| find.get_document("readConcern").unwrap());
    assert!(
        levels.map(|concern| concern.get_str("level").unwrap()).all(|level| level == "majority")
    );
}

#[tokio::test]
async fn a_server_that_can_not_wait_is_read_without() {
    let (store, server) = on_primary(|command| {
        if waits_for(command).is_some() {
            return failure(303, "", "Feature not supported: readConcern.afterClusterTime");
        }
        let mut reply = empty(command);
        reply.insert("operationTime", WRITTEN);
        Answer::Reply(reply)
    })
    .await;
    store.insert(&key(), "x".into()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(store.get(&key()).await.unwrap(), None);
        assert!(store.runs().await.unwrap().is_empty());
    }
    let received = server.received.lock().unwrap();
    assert_eq!(received.iter().filter(|command| waits_for(command).is_some()).count(), 1);
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
