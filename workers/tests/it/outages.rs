//! Databases that are absent, disappear, are slow, have a full disk or refuse access.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::cluster::{Cluster, Pod, Shared, mongodb};
use crate::gate::Gate;
use crate::server::{Answer, Server, failure, found};

/// The length of an outage. It is the fault itself; nothing is waited for.
const OUTAGE: Duration = Duration::from_secs(20);

/// A cluster whose database is behind a gate.
fn gated(test: &str) -> (Cluster, Gate) {
    let (uri, database) = mongodb(test);
    let server = uri.trim_start_matches("mongodb://").trim_end_matches('/').to_owned();
    let gate = Gate::new(server);
    let shared = Shared::Mongo { uri: format!("mongodb://{}/", gate.address), database };
    (Cluster::new(Some(shared), 16, 2, 2), gate)
}

#[testing::needs(mongodb)]
#[test]
fn a_database_that_is_absent_at_first_and_goes_away_later_is_waited_for() {
    let (cluster, gate) = gated("absent");
    gate.close();
    let planning = cluster.pod("plan", &[]).start();
    gate.wait_for_refused();
    gate.open();
    let plan = planning.end().done().plan.unwrap();
    for (stage, indexes) in [("etl", 2), ("aggregate", 2)] {
        for index in 0..indexes {
            gate.cut();
            let running = cluster.indexed(stage, &plan.hash, index).start();
            gate.wait_for_refused();
            gate.open();
            running.end().done();
        }
    }
    gate.cut();
    let running = cluster.pod("publish", &["--plan-hash", &plan.hash]).start();
    gate.wait_for_refused();
    gate.open();
    let report = running.end().done();
    assert_eq!(report.result.unwrap().digest, cluster.expected());
}

/// Carries out a run whose database goes away for [`OUTAGE`] in the middle of one stage.
fn outage_in(stage: &str) {
    let (cluster, gate) = gated(&format!("outage-{stage}"));
    let plan = cluster.plan();
    let through = |pod: Pod, is_hit: bool| {
        if is_hit {
            gate.cut();
        }
        let running = pod.start();
        if is_hit {
            gate.wait_for_refused();
            thread::park_timeout(OUTAGE);
            gate.open();
        }
        running.end().done()
    };
    for other in ["etl", "aggregate"] {
        for index in 0..2 {
            through(cluster.indexed(other, &plan.hash, index), other == stage && index == 0);
        }
    }
    let report = through(cluster.pod("publish", &["--plan-hash", &plan.hash]), stage == "publish");
    assert_eq!(report.result.unwrap().digest, cluster.expected());
}

#[testing::needs(mongodb)]
#[test]
fn a_database_that_goes_away_for_20_seconds_stops_no_stage() {
    thread::scope(|scope| {
        for stage in ["etl", "aggregate", "publish"] {
            scope.spawn(move || outage_in(stage));
        }
    });
}

#[testing::needs(mongodb)]
#[test]
fn a_slow_database_is_waited_for() {
    let (cluster, gate) = gated("slow");
    gate.slow_down(Duration::from_millis(50));
    let report = cluster.run_through();
    assert_eq!(report.result.unwrap().digest, cluster.expected());
}

/// Runs a pod against a scripted database, checks that it fails with this code and reason and
/// shows no password, and returns its message.
fn answered(uri: impl Fn(u16) -> String, server: &Server, code: i32, reason: &str) -> String {
    let cluster = Cluster::new(None, 1, 1, 1);
    let pod = cluster.pod("plan", &[]).mongodb(&uri(server.port));
    let ended = pod.run();
    assert!(ended.log.contains(reason) && !ended.log.contains("s3cret"), "{}", ended.log);
    let message = ended.failed(code, reason).message;
    assert!(!message.contains("s3cret"), "{message}");
    message
}

#[test]
fn a_wrong_password_and_a_missing_role_end_a_pod_for_good_and_show_no_secret() {
    let uri = |port| format!("mongodb://reader:s3cret@127.0.0.1:{port}/?directConnection=true");
    let server = Server::start([failure(18, "AuthenticationFailed", "Authentication failed.")]);
    let message = answered(uri, &server, 42, "StoreDenied");
    assert!(message.contains("check the URI in the Secret"), "{message}");
    let uri = |port| format!("mongodb://127.0.0.1:{port}/?directConnection=true");
    let server = Server::start([failure(13, "Unauthorized", "not authorized on trends")]);
    let message = answered(uri, &server, 42, "StoreDenied");
    assert!(message.contains("readWrite"), "{message}");
}

#[test]
fn a_full_disk_of_the_database_is_reported_as_such() {
    let uri = |port| format!("mongodb://127.0.0.1:{port}/?directConnection=true");
    let server = Server::answering(|command| match command {
        "find" | "listCollections" => Answer::Reply(found(Vec::new())),
        _ => failure(14031, "OutOfDiskSpace", "Cannot insert, out of disk space"),
    });
    let message = answered(uri, &server, 1, "StoreFull");
    assert!(message.contains("no space left"), "{message}");
}

#[test]
fn a_wrong_uri_ends_a_pod_for_good() {
    for uri in ["localhost:27017", "http://user:s3cret@host/", "mongodb://user:s3cret@/"] {
        let cluster = Cluster::new(None, 1, 1, 1);
        let ended = cluster.pod("plan", &[]).mongodb(uri).run();
        assert!(ended.log.contains("Refused") && !ended.log.contains("s3cret"), "{}", ended.log);
        ended.failed(42, "Refused");
    }
}

/// Requests a path until the port is open, and returns the answer.
fn get(port: u16, path: &str) -> String {
    loop {
        if let Ok(mut connection) = TcpStream::connect(("127.0.0.1", port)) {
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let mut answer = String::new();
            connection.write_all(request.as_bytes()).unwrap();
            connection.read_to_string(&mut answer).unwrap();
            return answer;
        }
        thread::yield_now();
    }
}

#[test]
fn a_pod_that_waits_for_its_database_shows_it_in_metrics_and_names_itself_in_every_log_line() {
    let failing = Server::answering(|_| failure(91, "ShutdownInProgress", "shutting down"));
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cluster = Cluster::new(None, 1, 1, 1);
    let listen = ["--plan-hash", "x", "--index", "7", "--metrics-listen", &unused.to_string()];
    let uri = format!("mongodb://127.0.0.1:{}/?directConnection=true", failing.port);
    let running = cluster.pod("etl", &listen).mongodb(&uri).start();
    for probe in ["/livez", "/readyz"] {
        assert!(get(unused.port(), probe).starts_with("HTTP/1.1 200"), "{probe}");
    }
    let metrics = loop {
        let metrics = get(unused.port(), "/metrics");
        if metrics.contains("trendjob_store_retries_total{") {
            break metrics;
        }
        thread::yield_now();
    };
    for name in [
        "input_bytes_total 0",
        "records_total 0",
        "malformed_total{reason=\"syntax\"} 0",
        "spilled_runs_total 0",
        "blocks_total 0",
        "garbage_blocks_total 0",
        "left_out_records_total 0",
    ] {
        assert!(metrics.contains(&format!("trendjob_worker_{name}")), "{name}: {metrics}");
    }
    running.signal("TERM");
    let ended = running.end();
    let run = cluster.config.run();
    assert!(!ended.log.is_empty());
    for line in ended.log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let fields = [&line["run"], &line["stage"], &line["index"], &line["attempt"]];
        assert_eq!(fields, [&json!(run), &json!("etl"), &json!(7), &json!("pod-0")], "{line}");
    }
    assert!(ended.log.contains("retrying a store operation"), "{}", ended.log);
    ended.failed(143, "Stopped");
}
