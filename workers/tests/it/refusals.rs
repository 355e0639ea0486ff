//! Pods whose arguments, configuration, input or blocks are wrong: each ends with a reason, a
//! message and the exit code that keeps the Job from trying again.

use std::fs;

use crate::cluster::Cluster;

#[test]
fn the_plan_pod_does_all_stages_of_a_small_run() {
    let mut cluster = Cluster::new(None, 2, 1, 2);
    cluster.config.spec.sharding.chunk_size = "1Mi".parse().unwrap();
    let report = cluster.pod("plan", &[]).run().done();
    let (plan, result, records) =
        (report.plan.unwrap(), report.result.unwrap(), report.records.unwrap());
    assert_eq!((plan.shards, plan.start_number, plan.objects), (1, 1, 2));
    assert_eq!((result.generation, result.digest), (1, cluster.expected()));
    assert_eq!(records.read, records.counted + records.empty + records.malformed);
    assert_eq!(report.malformed["syntax"], 6);
    let again = cluster.pod("plan", &[]).run().done();
    assert_eq!(again.result.unwrap().generation, 1, "a second attempt reports the same generation");
}

#[test]
fn an_index_outside_the_plan_and_another_plan_are_refused_for_good() {
    let cluster = Cluster::new(None, 16, 3, 2);
    let plan = cluster.plan();
    let outside = cluster.indexed("etl", &plan.hash, 3).run().failed(42, "OutsidePlan");
    assert!(outside.message.contains("etl index 3"), "{}", outside.message);
    cluster.indexed("aggregate", &plan.hash, 9).run().failed(42, "OutsidePlan");
    let other = "0".repeat(64);
    let mismatch = cluster.indexed("etl", &other, 0).run().failed(42, "PlanMismatch");
    assert!(mismatch.message.contains(&plan.hash), "{}", mismatch.message);
}

#[test]
fn shards_that_are_not_finished_are_named_and_waited_for() {
    let cluster = Cluster::new(None, 16, 4, 2);
    let early = cluster.indexed("etl", "any", 0).run().failed(1, "NotReady");
    assert!(early.message.contains("no plan yet"), "{}", early.message);
    let plan = cluster.plan();
    cluster.indexed("etl", &plan.hash, 1).run().done();
    let missing = cluster.indexed("aggregate", &plan.hash, 0).run().failed(1, "NotReady");
    assert!(missing.message.contains("shards 0, 2, 3"), "{}", missing.message);
}

#[test]
fn a_run_without_failed_shards_is_published_as_incomplete() {
    let cluster = Cluster::new(None, 16, 4, 2);
    let plan = cluster.plan();
    for index in 0..4 {
        // Shard 2, which counts as failed below, has finished late.
        cluster.indexed("etl", &plan.hash, index).run().done();
    }
    let hash = plan.hash.as_str();
    for index in ["0", "1"] {
        let args = ["--plan-hash", hash, "--index", index, "--without-shards", "2"];
        cluster.pod("aggregate", &args).run().done();
    }
    let mixed = cluster.pod("publish", &["--plan-hash", hash]).run();
    assert_eq!(mixed.status.code(), Some(42), "{}", mixed.log);
    let report =
        cluster.pod("publish", &["--plan-hash", hash, "--without-shards", "2"]).run().done();
    assert!(report.result.unwrap().incomplete);
    assert!(cluster.newest().unwrap().incomplete);
    assert_eq!(report.records.unwrap().read, 12 * 1_503);
}

#[test]
fn arguments_that_cannot_be_parsed_end_a_pod_for_good_with_a_message() {
    let cluster = Cluster::new(None, 1, 1, 1);
    for (stage, args, expected) in [
        ("etl", &["--plan-hash", "x", "--index", "one"][..], "\"one\""),
        ("etl", &["--index", "0"], "--plan-hash"),
        ("publish", &["--plan-hash", "x", "--without-shards", "3-"], "3-"),
        ("plan", &["--surprise"], "--surprise"),
    ] {
        let ended = cluster.pod(stage, args).run();
        let log = ended.log.clone();
        let report = ended.failed(42, "InvalidArguments");
        let message = report.message.replace('\'', "\"");
        assert!(message.contains(expected) && !message.contains("Usage"), "{message}");
        assert_eq!(report.stage, stage);
        let line: serde_json::Value = serde_json::from_str(log.trim_end()).unwrap();
        assert_eq!(line["level"], "ERROR", "{log}");
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_named_with_its_file() {
    let cluster = Cluster::new(None, 1, 1, 1);
    let pod = cluster.pod("plan", &[]);
    let file = cluster.folder.path().join("run-0.json");
    let whole = fs::read_to_string(&file).unwrap();
    drop(pod);
    for (text, expected) in [
        ("", "EOF"),
        (&whole[..100], "EOF"),
        (&whole.replace("\"format\":1", "\"format\":2"), "format 2"),
        (&whole.replace("[\"Word\"]", "[\"Sentence\"]"), "Sentence"),
    ] {
        let pod = cluster.pod("plan", &[]);
        fs::write(&file, text).unwrap();
        let message = pod.run().failed(42, "InvalidRunConfig").message;
        assert!(message.contains("run-0.json") && message.contains(expected), "{message}");
    }
}

#[test]
fn too_many_malformed_lines_fail_the_run_with_the_first_of_them() {
    let cluster = Cluster::new(None, 16, 2, 2);
    fs::write(cluster.data().join("000.ndjson"), "{bad\n".repeat(2_000)).unwrap();
    let plan = cluster.plan();
    for index in 0..2 {
        cluster.indexed("etl", &plan.hash, index).run().done();
    }
    let report = cluster.indexed("aggregate", &plan.hash, 0).run().failed(42, "TooManyMalformed");
    assert!(report.message.contains("000.ndjson at byte 0"), "{}", report.message);
    assert!(cluster.newest().is_none());
}

#[test]
fn missing_or_changed_input_is_named_and_not_retried() {
    let cluster = Cluster::new(None, 16, 2, 2);
    let plan = cluster.plan();
    fs::write(cluster.data().join("003.ndjson"), "{}\n").unwrap();
    let report = cluster.indexed("etl", &plan.hash, 0).run().failed(42, "SourceChanged");
    assert!(report.message.contains("003.ndjson"), "{}", report.message);
    let mut empty = Cluster::new(None, 0, 2, 2);
    empty.restart();
    let report = empty.pod("plan", &[]).run().failed(42, "InvalidInput");
    assert!(report.message.contains("no file matches"), "{}", report.message);
}

#[test]
fn a_late_pod_of_an_old_run_ends_superseded_and_changes_nothing() {
    let mut cluster = Cluster::new(None, 16, 3, 2);
    let old = cluster.plan();
    cluster.indexed("etl", &old.hash, 0).run().done();
    cluster.restart();
    cluster.run_through();
    let newest = cluster.newest();
    cluster.config.restart = 0;
    for stage in ["etl", "aggregate"] {
        let report = cluster.indexed(stage, &old.hash, 1).run().done();
        assert_eq!(
            (report.outcome, report.reason.as_str()),
            (trendjob::ExitStatus::Superseded, "Superseded")
        );
    }
    let report = cluster.pod("publish", &["--plan-hash", &old.hash]).run().done();
    assert_eq!(report.outcome, trendjob::ExitStatus::Superseded);
    assert_eq!(cluster.newest(), newest);
}

#[test]
fn a_late_pod_ends_superseded_even_after_a_rollback() {
    let mut cluster = Cluster::new(None, 16, 3, 2);
    cluster.run_through();
    cluster.restart();
    let late = cluster.plan();
    cluster.restart();
    cluster.run_through();
    let store = cluster.store();
    let source = store::SourceName::new(crate::cluster::SOURCE).unwrap();
    cluster.wait(store::generations::rollback(&*store, &source, 1, "now")).unwrap();
    let newest = cluster.newest();
    assert_eq!(newest.as_ref().unwrap().rollback_to, Some(1));
    cluster.config.restart = 1;
    let report = cluster.indexed("etl", &late.hash, 0).run().done();
    assert_eq!(report.outcome, trendjob::ExitStatus::Superseded);
    let report = cluster.pod("publish", &["--plan-hash", &late.hash]).run().done();
    assert_eq!(report.outcome, trendjob::ExitStatus::Superseded);
    assert_eq!(cluster.newest(), newest);
}

/// Changes all stored files whose paths hold `part`, and returns their number.
fn spoil(cluster: &Cluster, part: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> usize {
    let found = cluster.stored(part);
    for path in &found {
        fs::write(path, change(fs::read(path).unwrap())).unwrap();
    }
    found.len()
}

#[test]
fn a_block_that_is_damaged_or_of_a_newer_format_is_named_and_never_merged() {
    type Change = fn(Vec<u8>) -> Vec<u8>;
    let changes: [(Change, &str, &str); 3] = [
        (
            |mut block| {
                let middle = block.len() / 2;
                block[middle] ^= 1;
                block
            },
            "StoreDamaged",
            "is damaged",
        ),
        (|block| block[..block.len() / 2].to_vec(), "StoreDamaged", "is damaged"),
        (
            |mut block| {
                // The format follows two bytes that every block begins with.
                block[2] += 1;
                block
            },
            "StoreNewer",
            "has format 2",
        ),
    ];
    for (change, reason, expected) in changes {
        let cluster = Cluster::new(None, 16, 2, 1);
        let plan = cluster.plan();
        for index in 0..2 {
            cluster.indexed("etl", &plan.hash, index).run().done();
        }
        assert!(spoil(&cluster, "partial-", change) > 0);
        let report = cluster.indexed("aggregate", &plan.hash, 0).run().failed(42, reason);
        assert!(
            report.message.contains("partial-") && report.message.contains(expected),
            "{report:?}"
        );
        // Blocks that publishing reads.
        let cluster = Cluster::new(None, 16, 1, 1);
        let plan = cluster.plan();
        cluster.indexed("etl", &plan.hash, 0).run().done();
        cluster.indexed("aggregate", &plan.hash, 0).run().done();
        assert!(spoil(&cluster, "ranking-", change) > 0);
        let report = cluster.pod("publish", &["--plan-hash", &plan.hash]).run().failed(42, reason);
        assert!(
            report.message.contains("ranking-") && report.message.contains(expected),
            "{report:?}"
        );
        assert!(cluster.newest().is_none());
    }
}

#[test]
fn a_plan_or_a_marker_of_a_newer_format_is_refused() {
    let newer = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("\"format\":1"), "{text}");
        // Without the checksum, which is the last member: it would tell of damage first.
        let (content, _) = text.rsplit_once(",\"check\":").unwrap();
        content
            .replacen("\"format\":1", "\"format\":2", 1)
            .into_bytes()
            .into_iter()
            .chain(*b"}")
            .collect()
    };
    let cluster = Cluster::new(None, 16, 1, 1);
    let plan = cluster.plan();
    cluster.indexed("etl", &plan.hash, 0).run().done();
    assert!(spoil(&cluster, "/markers/", newer) > 0);
    let report = cluster.indexed("aggregate", &plan.hash, 0).run().failed(42, "StoreNewer");
    assert!(report.message.contains("has format 2"), "{}", report.message);
    assert_eq!(spoil(&cluster, "/plan", newer), 1);
    let report = cluster.indexed("etl", &plan.hash, 0).run().failed(42, "StoreNewer");
    assert!(
        report.message.contains("plan") && report.message.contains("has format 2"),
        "{report:?}"
    );
    cluster.pod("plan", &[]).run().failed(42, "StoreNewer");
}

#[test]
fn a_purge_removes_the_runs_of_one_trendjob_and_withdraws_their_result() {
    let mut cluster = Cluster::new(None, 2, 1, 1);
    cluster.run_through();
    cluster.restart();
    cluster.run_through();
    let late = cluster.pod("plan", &[]);
    cluster.purge(&[]).run().done();
    assert!(cluster.newest().unwrap().withdrawn);
    let store = cluster.store();
    assert_eq!(cluster.wait(store.runs()).unwrap(), []);
    // A pod that returns from a lost node begins nothing anew.
    late.run().failed(42, "RunRemoved");
    assert_eq!(cluster.wait(store.runs()).unwrap(), []);
    cluster.purge(&[]).run().done();
}
