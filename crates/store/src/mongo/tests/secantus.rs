//! The store over a server that checks passwords, roles and TLS: `testing/secantus` starts it.

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::SourceName;
use crate::conformance::conformance;
use crate::mongo::plain;

/// The settings for a user of the server, whose certificate an authority of its own has signed.
fn options(user: &str, database: &str) -> MongoOptions {
    let variable = |name| std::env::var_os(name).expect("testing/secantus sets it");
    let server = variable("TRENDJOB_TEST_SECANTUS").into_string().unwrap();
    // The authority comes as a file of its own, as in a pod.
    let (host, _) = server.split_once('/').unwrap();
    MongoOptions {
        uri: MongoUri::new(&format!("mongodb://{user}@{host}/?tls=true")),
        database: database.to_owned(),
        ca_file: Some(PathBuf::from(variable("TRENDJOB_TEST_SECANTUS_CA"))),
        opening: Opening::CreateIndexes,
        patience: Duration::from_mins(1),
    }
}

fn named(test: &str) -> String {
    format!("test-{test}-{}", std::process::id())
}

const WRITER: &str = "writer:p%40ss%2Fword";
const READER: &str = "reader:p%40ss%2Fword";
const NARROW: &str = "narrow:p%40ss%2Fword";

#[testing::needs(secantus)]
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_set_with_passwords_and_tls_passes_the_conformance_suite() {
    let options = options(WRITER, &named("secure"));
    let open = async || {
        let store: Arc<dyn Store> = Arc::new(MongoStore::open(&options).await.unwrap());
        store
    };
    conformance(open).await;
    MongoStore::open(&options).await.unwrap().database.drop().await.unwrap();
}

#[testing::needs(secantus)]
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_a_missing_authority_are_refused() {
    let wrong = MongoStore::open(&options("writer:s3cret", &named("wrong"))).await.unwrap_err();
    assert!(matches!(wrong, StoreError::Denied { .. }), "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("s3cret"), "{wrong:?}");
    let unknown = MongoOptions {
        ca_file: None,
        // Longer than the driver looks for a server: its last error says why there is none.
        patience: Duration::from_secs(15),
        ..options(WRITER, &named("unknown"))
    };
    let unknown = MongoStore::open(&unknown).await.unwrap_err();
    assert!(format!("{unknown:?}").contains("certificate"), "{unknown:?}");
}

#[testing::needs(secantus)]
#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_the_role_read_reads_and_is_told_which_role_writes() {
    let options = options(WRITER, &named("read"));
    let writer = MongoStore::open(&options).await.unwrap();
    let key = Key::plan(&RunId::new("run").unwrap());
    writer.insert(&key, "x".into()).await.unwrap();
    let reading =
        MongoOptions { opening: Opening::CheckFormat, ..self::options(READER, &options.database) };
    let reader = MongoStore::open(&reading).await.unwrap();
    assert_eq!(reader.get(&key).await.unwrap().as_deref(), Some(&b"x"[..]));
    assert!(reader.sources().await.unwrap().is_empty());
    let denied = reader.insert(&Key::run(&RunId::new("run").unwrap()), "x".into()).await;
    let Err(StoreError::Denied { what, .. }) = denied else { panic!("{denied:?}") };
    assert!(what.contains("readWrite"), "{what}");
    writer.database.drop().await.unwrap();
}

#[testing::needs(secantus)]
#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_the_role_read_write_on_one_database_is_enough_for_everything() {
    let store = MongoStore::open(&options(NARROW, "test-narrow")).await.unwrap();
    let run = RunId::new(&call_id()).unwrap();
    for key in [Key::run(&run), Key::plan(&run)] {
        assert_eq!(store.insert(&key, "x".into()).await.unwrap(), Insertion::Inserted);
    }
    let collection = |name: &str| store.database.collection::<Document>(name);
    for name in ["narrow~new", "narrow"] {
        collection(name).insert_one(doc! { "from": name }).await.unwrap();
    }
    assert!(plain::swap(&store, "narrow~new", "narrow").await.unwrap());
    let shown = collection("narrow").find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(shown.get_str("from").unwrap(), "narrow~new");
    collection("narrow").drop().await.unwrap();
    let source = SourceName::new("narrow").unwrap();
    let attempt = crate::AttemptId::new("a").unwrap();
    plain::refresh(&store, &source, &attempt, 10).await.unwrap();
    store.remove_run(&run).await.unwrap();
    assert!(!store.runs().await.unwrap().contains(&run));
    // Another database is not this user's.
    let other = MongoStore::open(&options(NARROW, &named("other"))).await;
    assert!(matches!(other, Err(StoreError::Denied { .. })), "{other:?}");
}
