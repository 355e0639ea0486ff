//! Databases that are absent, go away, are slow, full or refuse.

use std::thread;
use std::time::Duration;

use crate::cluster::{Cluster, Running, Shared};
use crate::gate::Gate;
use crate::server::{Answer, Server, failure, found};

/// How long a database is away that is really away. Not a wait for anything: the fault itself.
const OUTAGE: Duration = Duration::from_secs(20);

/// A cluster whose database is behind a gate.
fn gated(test: &str) -> Option<(Cluster, Gate)> {
    let Some(Shared::Mongo { uri, database }) = Shared::mongo(test) else { return None };
    let server = uri.trim_start_matches("mongodb://").trim_end_matches('/').to_owned();
    let gate = Gate::new(server);
    let shared = Shared::Mongo { uri: format!("mongodb://{}/", gate.address), database };
    Some((Cluster::new(Some(shared), 16, 2, 2), gate))
}

#[test]
fn a_database_that_is_absent_at_first_and_goes_away_later_is_waited_for() {
    let Some((cluster, gate)) = gated("absent") else { return };
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

/// Does a run whose database goes away in the middle of one stage, for long.
fn outage_in(stage: &str) {
    let Some((cluster, gate)) = gated(&format!("outage-{stage}")) else { return };
    let plan = cluster.plan();
    let through = |running: Running, is_hit: bool| {
        if is_hit {
            gate.wait_for_passed();
            gate.close();
            gate.wait_for_refused();
            thread::park_timeout(OUTAGE);
            gate.open();
        }
        running.end().done()
    };
    for other in ["etl", "aggregate"] {
        for index in 0..2 {
            gate.open();
            let running = cluster.indexed(other, &plan.hash, index).start();
            through(running, other == stage && index == 0);
        }
    }
    gate.open();
    let running = cluster.pod("publish", &["--plan-hash", &plan.hash]).start();
    let told = through(running, stage == "publish");
    assert_eq!(told.result.unwrap().digest, cluster.expected());
}

#[test]
fn a_database_that_goes_away_for_20_seconds_stops_no_stage() {
    thread::scope(|scope| {
        for stage in ["etl", "aggregate", "publish"] {
            scope.spawn(move || outage_in(stage));
        }
    });
}

#[test]
fn a_slow_database_is_waited_for() {
    let Some((cluster, gate)) = gated("slow") else { return };
    gate.slow_down(Duration::from_millis(50));
    let told = cluster.run_through();
    assert_eq!(told.result.unwrap().digest, cluster.expected());
}

/// A pod whose database answers one command so, and what it said of it.
fn answered(uri: impl Fn(u16) -> String, server: &Server, code: i32, reason: &str) -> String {
    let cluster = Cluster::new(None, 1, 1, 1);
    let pod = cluster.pod("plan", &[]).mongodb(&uri(server.port));
    let ended = pod.run();
    assert!(!ended.log.contains("s3cret"), "{}", ended.log);
    let message = ended.failed(code, reason).message;
    assert!(!message.contains("s3cret"), "{message}");
    message
}

#[test]
fn a_wrong_password_and_a_missing_role_end_a_pod_for_good_and_show_no_secret() {
    let uri = |port| format!("mongodb://somebody:s3cret@127.0.0.1:{port}/?directConnection=true");
    let server = Server::start([failure(18, "AuthenticationFailed", "Authentication failed.")]);
    let message = answered(uri, &server, 42, "StoreDenied");
    assert!(message.contains("check the URI in the Secret"), "{message}");
    let uri = |port| format!("mongodb://127.0.0.1:{port}/?directConnection=true");
    let server = Server::start([failure(13, "Unauthorized", "not authorized on trends")]);
    let message = answered(uri, &server, 42, "StoreDenied");
    assert!(message.contains("readWrite"), "{message}");
}

#[test]
fn a_full_disk_of_the_database_is_reported_as_it_is() {
    let uri = |port| format!("mongodb://127.0.0.1:{port}/?directConnection=true");
    let server = Server::answering(|command| match command {
        "find" | "listCollections" => Answer::Reply(found(Vec::new())),
        _ => failure(14031, "OutOfDiskSpace", "Cannot insert, out of disk space"),
    });
    let message = answered(uri, &server, 1, "StoreFull");
    assert!(message.contains("no space left"), "{message}");
}

#[test]
fn a_uri_that_is_none_ends_a_pod_for_good() {
    for uri in ["localhost:27017", "http://user:s3cret@host/", "mongodb://user:s3cret@/"] {
        let cluster = Cluster::new(None, 1, 1, 1);
        let ended = cluster.pod("plan", &[]).mongodb(uri).run();
        assert!(!ended.log.contains("s3cret"), "{}", ended.log);
        ended.failed(42, "Refused");
    }
}
