//! Pods that are killed, stopped or panic in the middle of their work.

use std::net::TcpListener;

use crate::cluster::{Cluster, Shared};

/// Kills every stage before and after each of its writes; the next attempt continues each time.
#[cfg(feature = "fault-points")]
fn kill_at_every_write(shared: Option<Shared>) {
    let cluster = Cluster::new(shared, 16, 2, 2);
    let expected = cluster.expected();
    let kill_at_each = |pod: &dyn Fn() -> crate::cluster::Pod| {
        for fault in ["kill-before", "kill-after"] {
            for write in 1.. {
                let ended = pod().env("TRENDJOB_FAULT", &format!("{fault}:{write}")).run();
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
    let report = cluster.pod("publish", &["--plan-hash", &plan.hash]).run().done();
    let result = report.result.unwrap();
    assert_eq!((result.digest, result.generation), (expected, 1));
}

#[cfg(feature = "fault-points")]
#[test]
fn the_next_attempt_completes_what_a_pod_killed_at_any_write_left_in_a_folder() {
    kill_at_every_write(None);
}

#[cfg(feature = "fault-points")]
#[testing::needs(mongodb)]
#[test]
fn the_next_attempt_completes_what_a_pod_killed_at_any_write_left_in_mongodb() {
    kill_at_every_write(Some(Shared::mongo("killed")));
}

#[cfg(feature = "fault-points")]
#[test]
fn a_panic_is_reported_and_another_attempt_succeeds() {
    let cluster = Cluster::new(None, 16, 2, 1);
    let plan = cluster.plan();
    for write in 1..=2 {
        let pod = cluster.indexed("etl", &plan.hash, 0);
        let ended = pod.env("TRENDJOB_FAULT", &format!("panic-before:{write}")).run();
        assert!(ended.log.contains("\"message\":\"panicked\""), "{}", ended.log);
        ended.failed(1, "Panicked");
    }
    // A purge panics on the main thread.
    let ended = cluster.purge(&[]).env("TRENDJOB_FAULT", "panic-before:1").run();
    ended.failed(1, "Panicked");
    cluster.purge(&[]).run().done();
}

/// Starts a pod that stops before its first write and continues on SIGCONT.
#[cfg(feature = "fault-points")]
fn stopped(cluster: &Cluster, plan: &str) -> crate::cluster::Running {
    let pod = cluster.indexed("etl", plan, 0).env("TRENDJOB_FAULT", "stop-before:1");
    let mut slow = pod.start();
    slow.wait_for_stop();
    slow
}

#[cfg(feature = "fault-points")]
#[test]
fn a_pod_that_was_stopped_while_its_run_was_published_succeeds_and_changes_nothing() {
    let cluster = Cluster::new(None, 16, 2, 2);
    let plan = cluster.plan();
    let slow = stopped(&cluster, &plan.hash);
    let report = cluster.run_through();
    let newest = cluster.newest();
    slow.signal("CONT");
    slow.end().done();
    let again = cluster.pod("publish", &["--plan-hash", &plan.hash]).run().done();
    assert_eq!((again.result, cluster.newest()), (report.result, newest));
}

#[cfg(feature = "fault-points")]
#[test]
fn a_pod_that_was_stopped_until_its_run_was_removed_leaves_nothing_behind() {
    let mut cluster = Cluster::new(None, 16, 2, 2);
    let slow = stopped(&cluster, &cluster.plan().hash);
    let removed = store::RunId::new(&cluster.config.run()).unwrap();
    let store = cluster.store();
    // Later runs are published until the grace of the first, one second, is over.
    while cluster.wait(store.runs()).unwrap().contains(&removed) {
        cluster.restart();
        cluster.run_through();
    }
    slow.signal("CONT");
    let report = slow.end().done();
    assert_eq!(report.outcome, trendjob::ExitStatus::Superseded);
    let left = cluster.stored(&format!("/{removed}/"));
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
}

#[test]
fn sigterm_stops_a_pod_with_its_own_exit_code_and_message() {
    // A store that never answers keeps the pod busy.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("mongodb://{}/", silent.local_addr().unwrap());
    let shared = Shared::Folder(std::env::temp_dir());
    let cluster = Cluster::new(Some(shared), 1, 1, 1);
    let running = cluster.pod("plan", &[]).mongodb(&uri).start();
    // The pod is up once it connects.
    let (_connection, _) = silent.accept().unwrap();
    running.signal("TERM");
    running.end().failed(143, "Stopped");
}
