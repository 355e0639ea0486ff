//! Pods that end in the middle.

use std::net::TcpListener;

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
