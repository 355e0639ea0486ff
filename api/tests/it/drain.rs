//! A rolling restart: one of two replicas stops under load, and no request fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, scope};

use store::{ObjectStore, Store};

use crate::api::{Api, Client, get, wait_until};
use crate::published::publish;

const LOVE: &str = "/api/trends?source=sample&topic=love";

/// The state that clients act on, as a Service does: readiness, and the number of answers.
#[derive(Default)]
struct Watched {
    leaving: AtomicBool,
    end: AtomicBool,
    by_first: AtomicUsize,
    by_second: AtomicUsize,
}

#[test]
fn a_replica_that_leaves_under_load_fails_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store: Arc<dyn Store> =
            Arc::new(ObjectStore::open_folder(folder.path()).await.unwrap());
        publish(&store, "sample", 1, &[("love", 45), ("peace", 7)]).await;
    });
    // The delay is long enough for these clients to leave, as the one in a cluster is for the
    // clients of a Service.
    let start = || Api::start_quietly(&["--store", path, "--drain-delay", "5"]);
    let (mut first, second) = (start(), start());
    for api in [&first, &second] {
        api.wait_for("/readyz", "HTTP/1.1 200");
    }
    let watched = Watched::default();
    let failures: Vec<String> = scope(|threads| {
        let clients: Vec<_> = (0..8)
            .map(|_| threads.spawn(|| ask_until_the_end(&watched, first.port, second.port)))
            .collect();
        wait_until(|| watched.by_first.load(Ordering::Relaxed) > 1000);
        first.terminate();
        // It still answers while it is not ready, so clients leave in time.
        first.wait_for("/readyz", "HTTP/1.1 503");
        assert!(get(first.probes, "/livez").unwrap().starts_with("HTTP/1.1 200"));
        watched.leaving.store(true, Ordering::Relaxed);
        wait_until(|| get(first.probes, "/livez").is_none());
        let so_far = watched.by_second.load(Ordering::Relaxed);
        wait_until(|| watched.by_second.load(Ordering::Relaxed) > so_far + 1000);
        watched.end.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(first.child.wait().unwrap().code(), Some(0));
}

/// A client of the ready replica; returns its failures.
fn ask_until_the_end(watched: &Watched, first: u16, second: u16) -> Vec<String> {
    let (mut of_first, mut of_second) = (Client::default(), Client::default());
    let mut failures = Vec::new();
    while !watched.end.load(Ordering::Relaxed) {
        let leaving = watched.leaving.load(Ordering::Relaxed);
        let (client, port, answered) = if leaving {
            (&mut of_second, second, &watched.by_second)
        } else {
            (&mut of_first, first, &watched.by_first)
        };
        match client.ask(port, LOVE) {
            Ok(()) => answered.fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                failures.push(format!("leaving: {leaving}: {error}"));
                return failures;
            }
        };
        thread::yield_now();
    }
    failures
}
