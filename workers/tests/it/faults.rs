//! Pods that end in the middle, and stores that go away.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::cluster::{Cluster, Shared};

/// Every stage is killed before and after each of its writes; the next attempt ends it right.
#[cfg(feature = "fault-points")]
#[test]
fn a_pod_killed_at_any_write_leaves_what_the_next_attempt_makes_whole() {
    let cluster = Cluster::new(None, 16, 2, 2);
    let expected = cluster.expected();
    let kill_at_each = |pod: &dyn Fn() -> crate::cluster::Pod| {
        for place in ["before", "after"] {
            for write in 1.. {
                let ended = pod().env("TRENDJOB_FAULT", &format!("{place}:{write}")).run();
                if ended.status.code() == Some(0) {
                    break;
                }
                assert_eq!(ended.status.code(), None, "killed by a signal: {}", ended.log);
            }
        }
    };
    kill_at_each(&|| cluster.pod("plan", &[]));
    let plan = cluster.plan();
    for stage in ["etl", "aggregate"] {
        for index in 0..2 {
            kill_at_each(&|| cluster.indexed(stage, &plan.hash, index));
        }
    }
    kill_at_each(&|| cluster.pod("publish", &["--plan-hash", &plan.hash]));
    let told = cluster.pod("publish", &["--plan-hash", &plan.hash]).run().done();
    let result = told.result.unwrap();
    assert_eq!((result.digest, result.generation), (expected, 1));
}

#[test]
fn sigterm_stops_a_pod_with_its_own_exit_code_and_message() {
    // A store that never answers keeps the pod busy for as long as it takes.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("mongodb://{}/", silent.local_addr().unwrap());
    let shared = Shared::Folder(std::env::temp_dir());
    let cluster = Cluster::new(Some(shared), 1, 1, 1);
    let running = cluster.pod("plan", &[]).mongodb(&uri).start();
    // The pod is up once it connects.
    let (_connection, _) = silent.accept().unwrap();
    let kill = std::process::Command::new("kill").arg(running.child.id().to_string()).status();
    assert!(kill.unwrap().success());
    running.end().failed(143, "Stopped");
}

#[test]
fn a_database_that_is_absent_at_first_and_goes_away_later_is_waited_for() {
    let Some(Shared::Mongo { uri, database }) = Shared::mongo("absent") else { return };
    let server = uri.trim_start_matches("mongodb://").trim_end_matches('/').to_owned();
    let gate = Gate::new(server);
    let shared = Shared::Mongo { uri: format!("mongodb://{}/", gate.address), database };
    let cluster = Cluster::new(Some(shared), 16, 2, 2);
    gate.close();
    let planning = cluster.pod("plan", &[]).start();
    gate.wait_for_refused();
    gate.open();
    let plan = planning.end().done().plan.unwrap();
    for (stage, indexes) in [("etl", 2), ("aggregate", 2)] {
        for index in 0..indexes {
            let running = cluster.indexed(stage, &plan.hash, index).start();
            gate.wait_for_passed();
            gate.close();
            gate.wait_for_refused();
            gate.open();
            running.end().done();
        }
    }
    let running = cluster.pod("publish", &["--plan-hash", &plan.hash]).start();
    gate.wait_for_passed();
    gate.close();
    gate.wait_for_refused();
    gate.open();
    let told = running.end().done();
    assert_eq!(told.result.unwrap().digest, cluster.expected());
}

/// A proxy that cuts all connections when it is closed, and refuses new ones.
struct Gate {
    address: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    closed: AtomicBool,
    refused: AtomicBool,
    passed: AtomicBool,
}

impl Gate {
    fn new(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.closed.load(Ordering::SeqCst) {
                    shared.refused.store(true, Ordering::SeqCst);
                    continue;
                }
                let Ok(server) = TcpStream::connect(&server) else { continue };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let state = Arc::clone(&shared);
                    thread::spawn(move || pass(from, to, &state));
                }
            }
        });
        Self { address, state }
    }

    fn close(&self) {
        self.state.refused.store(false, Ordering::SeqCst);
        self.state.closed.store(true, Ordering::SeqCst);
    }

    fn open(&self) {
        self.state.passed.store(false, Ordering::SeqCst);
        self.state.closed.store(false, Ordering::SeqCst);
    }

    /// Until a process was turned away.
    fn wait_for_refused(&self) {
        while !self.state.refused.load(Ordering::SeqCst) {
            thread::yield_now();
        }
    }

    /// Until a process talks to the server.
    fn wait_for_passed(&self) {
        while !self.state.passed.load(Ordering::SeqCst) {
            thread::yield_now();
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, state: &State) {
    let mut buffer = [0; 16 << 10];
    while let Ok(count) = from.read(&mut buffer) {
        if count == 0
            || state.closed.load(Ordering::SeqCst)
            || to.write_all(&buffer[..count]).is_err()
        {
            break;
        }
        state.passed.store(true, Ordering::SeqCst);
    }
    for end in [from, to] {
        drop(end.shutdown(std::net::Shutdown::Both));
    }
}
