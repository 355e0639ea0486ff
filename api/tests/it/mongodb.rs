//! The process `trendjob-api` over a real database, the one that `MONGODB_URI` names: read-only,
//! unavailable and back, and slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use store::mongo::Opening;
use store::{MongoOptions, MongoStore, MongoUri, Store};
use tokio::runtime::Runtime;

use crate::api::{Api, get, wait_until};
use crate::proxy::{Mode, Proxy};
use crate::published::publish;

const LOVE: &str = "/api/trends?source=sample&topic=love";
const UNSEEN: &str = "/api/v1/trends?source=unseen";

/// A new database with one result, a proxy in front of it, and the API, which connects through the
/// proxy.
struct Setting {
    runtime: Runtime,
    mongo: MongoStore,
    store: Arc<dyn Store>,
    proxy: Proxy,
    api: Api,
}

impl Setting {
    fn start(name: &str, args: &[&str]) -> Self {
        let uri = std::env::var_os("MONGODB_URI");
        let uri = uri.expect("MONGODB_URI names the server of this test");
        let uri = uri.to_string_lossy().into_owned();
        let database = format!("test-{name}-{}", std::process::id());
        let options = MongoOptions {
            uri: MongoUri::new(&uri),
            database: database.clone(),
            ca_file: None,
            opening: Opening::CreateIndexes,
            patience: Duration::from_mins(1),
        };
        let runtime = Runtime::new().unwrap();
        let mongo = runtime.block_on(MongoStore::open(&options)).unwrap();
        let store: Arc<dyn Store> = Arc::new(mongo.clone());
        runtime.block_on(publish(&store, "sample", 1, &[("love", 45), ("peace", 7)]));
        let server = uri.trim_start_matches("mongodb://").split('/').next().unwrap();
        let proxy = Proxy::before(server);
        let through = format!("mongodb://127.0.0.1:{}/", proxy.port);
        let fixed = ["--mongodb-uri", &through, "--database", &database];
        let api = Api::start_quietly(&[&fixed, args].concat());
        api.wait_for("/readyz", "HTTP/1.1 200");
        Self { runtime, mongo, store, proxy, api }
    }

    fn status(&self, path: &str) -> String {
        let answer = get(self.api.port, path).unwrap();
        answer.strip_prefix("HTTP/1.1 ").unwrap()[..3].to_owned()
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        drop(self.runtime.block_on(async { self.mongo.database().drop().await }));
    }
}

#[testing::needs(mongodb)]
#[test]
fn a_user_with_the_role_read_suffices() {
    let setting = Setting::start("read-only", &[]);
    for (path, status) in [
        (LOVE, "200"),
        (UNSEEN, "404"),
        ("/api/v1/sources", "200"),
        ("/api/v1/trends?source=sample&limit=1", "200"),
        ("/api/v1/trends?cursor=MS9zYW1wbGUvOS94L3dvcmQvMQ", "410"),
    ] {
        assert_eq!(setting.status(path), status, "{path}");
    }
    let reading =
        ["hello", "isMaster", "ismaster", "ping", "find", "getMore", "killCursors", "endSessions"];
    let commands = setting.proxy.commands();
    assert!(commands.contains("find"), "{commands:?}");
    assert!(commands.iter().all(|command| reading.contains(&command.as_str())), "{commands:?}");
}

#[testing::needs(mongodb)]
#[test]
fn readiness_follows_the_database() {
    let setting = Setting::start("away", &[]);
    assert_eq!(setting.status(LOVE), "200");
    setting.proxy.set(Mode::Cut);
    setting.api.wait_for("/readyz", "HTTP/1.1 503");
    assert!(get(setting.api.probes, "/livez").unwrap().starts_with("HTTP/1.1 200"));
    assert_eq!(setting.status(LOVE), "200", "known results are served");
    let unseen = get(setting.api.port, UNSEEN).unwrap().to_lowercase();
    assert!(unseen.starts_with("http/1.1 503") && unseen.contains("retry-after: 1"), "{unseen}");
    setting.proxy.set(Mode::Pass);
    setting.api.wait_for("/readyz", "HTTP/1.1 200");
    setting.runtime.block_on(publish(&setting.store, "sample", 2, &[("hope", 1)]));
    let hope = |answer: Option<String>| answer.is_some_and(|answer| answer.contains("hope"));
    wait_until(|| hope(get(setting.api.port, LOVE)));
}

#[testing::needs(mongodb)]
#[test]
fn a_slow_database_uses_up_the_permits_and_further_requests_are_turned_away() {
    let few = ["--concurrency", "2", "--queue", "2"];
    let setting = Setting::start("slow", &few);
    setting.proxy.set(Mode::Hold);
    let (port, end) = (setting.api.port, AtomicBool::new(false));
    thread::scope(|threads| {
        // More requests than permits, again and again, each of which must read the database.
        for number in 0..6 {
            let (end, path) = (&end, format!("/api/v1/trends?source=held-{number}"));
            threads.spawn(move || {
                while !end.load(Ordering::Relaxed) {
                    drop(get(port, &path));
                }
            });
        }
        let turned_away = || {
            let answer = get(port, UNSEEN)?.to_lowercase();
            answer.contains("too many requests at once").then_some(answer)
        };
        let answer = std::iter::repeat_with(turned_away).find_map(|answer| answer).unwrap();
        assert!(answer.starts_with("http/1.1 503"), "{answer}");
        assert!(answer.contains("retry-after: 1"), "{answer}");
        assert!(get(setting.api.probes, "/livez").unwrap().starts_with("HTTP/1.1 200"));
        setting.proxy.set(Mode::Pass);
        end.store(true, Ordering::Relaxed);
    });
    wait_until(|| setting.status(LOVE) == "200");
}
