//! The plans through the life of a TrendJob, as stories in reviewed snapshots.

use operator::diagnosis::Finding;
use operator::names::Stage;
use operator::observed::{Deletion, Purge};
use serde_json::json;
use trendjob::{ExitStatus, TerminationMessage};

use crate::story::Story;

/// A run of four shards in the stage etl.
fn counting(changes: serde_json::Value) -> Story {
    let mut story = Story::new(changes);
    story.settle("applied");
    story.after(3).complete(Stage::Plan).planned(4).settle("the plan pod is done");
    story
}

#[test]
fn a_small_run_ends_with_its_plan_pod() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    story.after(3).complete(Stage::Plan).planned(1).published(Stage::Plan, false);
    story.settle("the plan pod carried the run through all stages");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_large_run_goes_from_stage_to_stage() {
    let mut story = counting(json!({}));
    story.job(Stage::Etl).status.succeeded = 3;
    story.after(2).settle("three shards are counted");
    story.after(2).complete(Stage::Etl).settle("all shards are counted");
    story.after(2).complete(Stage::Aggregate).settle("all partitions are merged");
    story.after(2).complete(Stage::Publish).published(Stage::Publish, false).settle("published");
    story.after(3_600).settle("an hour later");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_run_with_scores_has_a_stage_between_merging_and_publishing() {
    let scored = json!({"profile": "Social", "window": "1h", "scores": ["Burst"]});
    let parts = json!({"image": "mergers"});
    let spec = json!({"analysis": scored, "aggregate": parts});
    let mut story = counting(json!({ "spec": spec }));
    story.complete(Stage::Etl).settle("etl is complete");
    story.complete(Stage::Aggregate).settle("all partitions are merged");
    let merging = story.job(Stage::Aggregate).pod_settings.clone();
    assert_eq!(story.job(Stage::Score).pod_settings, merging, "both have the pods of aggregate");
    story.complete(Stage::Score).settle("all partitions are scored");
    story.published(Stage::Publish, false).complete(Stage::Publish).settle("it is published");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_run_of_an_older_release_scores_when_it_publishes() {
    let scored = json!({"profile": "Social", "window": "1h", "scores": ["Burst"]});
    let mut story = counting(json!({"spec": {"analysis": scored}}));
    story.observed.run.as_mut().unwrap().config.score_stage = false;
    story.complete(Stage::Etl).settle("").complete(Stage::Aggregate).settle("");
    let stages: Vec<_> = story.observed.jobs.keys().copied().collect();
    assert_eq!(stages, [Stage::Plan, Stage::Etl, Stage::Aggregate, Stage::Publish]);
}

#[test]
fn allowed_gaps_are_passed_on_to_the_later_stages() {
    let mut story = counting(json!({"spec": {"failurePolicy": {"maxFailedShards": 2}}}));
    story.job(Stage::Etl).status.succeeded = 2;
    story.fail(Stage::Etl, "FailedIndexes", "1,3").settle("two shards failed");
    story.complete(Stage::Aggregate).settle("merged");
    story.complete(Stage::Publish).published(Stage::Publish, true).settle("published");
    insta::assert_snapshot!(story.text);
}

#[test]
fn more_gaps_than_are_allowed_fail_the_run() {
    let mut story = counting(json!({"spec": {"failurePolicy": {"maxFailedShards": 1}}}));
    story.fail(Stage::Etl, "MaxFailedIndexesExceeded", "1,3").settle("two shards failed");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_run_without_any_shard_fails_whatever_gaps_are_allowed() {
    let mut story = counting(json!({"spec": {"failurePolicy": {"maxFailedShards": 10}}}));
    story.fail(Stage::Etl, "FailedIndexes", "0-3").settle("all shards failed");
    insta::assert_snapshot!(story.text);
}

#[test]
fn the_clock_of_a_held_run_stands_until_its_release() {
    let mut story = Story::new(json!({"spec": {"suspend": true, "activeDeadlineSeconds": 100}}));
    story.settle("applied suspended");
    story.after(500).change(json!({"spec": {"suspend": false}})).settle("released");
    story.after(60).change(json!({"spec": {"suspend": true}})).settle("held while planning");
    story.after(1_000).settle("held for long");
    story.change(json!({"spec": {"suspend": false}})).settle("released again");
    story.after(20).complete(Stage::Plan).planned(4);
    story.change(json!({"spec": {"suspend": true}})).settle("held between two stages");
    story.change(json!({"spec": {"suspend": false}})).settle("released once more");
    story.after(20).settle("a hundred seconds of work have gone by");
    insta::assert_snapshot!(story.text);
}

#[test]
fn pod_settings_changed_while_a_run_is_held_create_the_job_again() {
    let mut story = counting(json!({}));
    story.change(json!({"spec": {"suspend": true}})).settle("held");
    story.change(json!({"spec": {"etl": {"image": "fixed"}}})).settle("another image");
    story.change(json!({"spec": {"suspend": false}})).settle("released");
    story.change(json!({"spec": {"suspend": true}})).settle("held again");
    let both = json!({"spec": {"suspend": false, "etl": {"image": "fixed again"}}});
    story.change(both).settle("another image and released, at once");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_job_of_an_earlier_release_is_not_deleted_for_its_pod_settings() {
    let mut story = counting(json!({}));
    // Its hash is in an annotation that is not read any more.
    story.job(Stage::Etl).pod_settings = None;
    story.change(json!({"spec": {"etl": {"image": "other"}}})).settle("the operator was upgraded");
    assert!(story.observed.jobs.contains_key(&Stage::Etl), "{}", story.text);
    assert!(!story.text.contains("delete Job"), "{}", story.text);
}

#[test]
fn a_job_with_a_queue_label_is_only_created_and_deleted() {
    let queued = json!({"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "team"}}});
    let mut story = Story::new(queued);
    story.settle("applied");
    story.job(Stage::Plan).is_suspended = false;
    story.settle("admitted");
    story.job(Stage::Plan).is_suspended = true;
    story.settle("evicted");
    story.change(json!({"spec": {"suspend": true}})).settle("suspended by the user");
    story.change(json!({"spec": {"suspend": false}})).settle("released by the user");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_job_in_a_queue_stays_there_when_the_trendjob_loses_the_label() {
    let queue = json!({"kueue.x-k8s.io/queue-name": "team"});
    let mut story = Story::new(json!({"metadata": {"labels": queue}}));
    story.settle("applied");
    story.change(json!({"metadata": {"labels": null}})).settle("the label is gone: still queued");
    story.job(Stage::Plan).is_suspended = false;
    story.settle("admitted");
    story.complete(Stage::Plan).planned(4).settle("the next Job is in no queue");
    story.change(json!({"metadata": {"labels": queue}})).settle("the label is back");
    story.change(json!({"spec": {"suspend": true}})).settle("held, not deleted");
    insta::assert_snapshot!(story.text);
}

#[test]
fn parallelism_can_be_changed_while_pods_run() {
    let mut story = counting(json!({"spec": {"sharding": {"parallelism": 2}}}));
    story.change(json!({"spec": {"sharding": {"parallelism": 3}}})).settle("three at once");
    story.change(json!({"spec": {"sharding": {"parallelism": 50}}})).settle("as many as there are");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_failed_run_restarts_after_longer_and_longer_waits() {
    let mut story = Story::new(json!({"spec": {"failurePolicy": {"restartLimit": 2}}}));
    for run in ["first", "second", "third"] {
        story.settle(&format!("the {run} run"));
        story.after(5).fail(Stage::Plan, "BackoffLimitExceeded", "").settle("it failed");
        story.after(9).settle("nine seconds later");
        story.after(11).pass("twenty seconds later");
    }
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_shortened_failure_message_is_recognised_and_keeps_its_time() {
    let mut story = Story::new(json!({"spec": {"failurePolicy": {"restartLimit": 1}}}));
    story.settle("applied");
    story.complete(Stage::Plan).planned(9_000).settle("planned");
    let indexes: Vec<_> = (0..4_500).map(|index| (2 * index).to_string()).collect();
    story.fail(Stage::Etl, "FailedIndexes", &indexes.join(",")).settle("half of its shards failed");
    let failed = story.object.status.as_ref().unwrap().last_failure.clone().unwrap();
    assert!(failed.message.len() < 2_048);
    // The pass that was requested, and one for a changed label.
    story.after(5).pass("too early");
    assert_eq!(story.object.status.as_ref().unwrap().last_failure.as_ref(), Some(&failed));
    story.after(6).pass("another run");
    assert_eq!(story.object.status.as_ref().unwrap().restarts, Some(1));
}

#[test]
fn an_equal_failure_of_the_next_run_has_a_time_of_its_own() {
    let mut story = Story::new(json!({"spec": {"failurePolicy": {"restartLimit": 2}}}));
    let fail = |story: &mut Story| {
        story.settle("it runs").after(60).fail(Stage::Plan, "PodFailurePolicy", "");
        story.observed.finding = Some(Finding {
            stage: Stage::Plan,
            index: None,
            reason: "InvalidInput".to_owned(),
            message: "no such file".to_owned(),
            exit_code: Some(42),
            needs_help: false,
        });
        story.pass("it failed");
        story.observed.finding = None;
        story.object.status.clone().unwrap().last_failure.unwrap()
    };
    let first = fail(&mut story);
    story.after(11).pass("another run");
    let second = fail(&mut story);
    assert_eq!(first.message, second.message);
    assert_ne!(first.time, second.time);
}

#[test]
fn a_refused_object_is_reported_and_tried_again() {
    let mut story = Story::new(json!({"spec": {"activeDeadlineSeconds": 100}}));
    story
        .refused("Job job-6a2f41a3-0-plan can't be created: 1GB is not a quantity")
        .pass("applied");
    story.pass("still refused");
    story.observed.refusal = None;
    story.settle("fixed").complete(Stage::Plan).planned(4);
    story.refused("Job job-6a2f41a3-0-etl can't be created: exceeded quota").pass("planned");
    story.after(101).pass("after its deadline");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_run_with_an_unreadable_config_map_waits_for_a_newer_operator() {
    let mut story = Story::new(json!({"spec": {"activeDeadlineSeconds": 100}}));
    story.settle("applied");
    let run = story.observed.run.take();
    story.observed.unreadable = Some((0, "unknown field `later`".to_owned()));
    story.pass("the operator was rolled back");
    story.change(json!({"spec": {"suspend": true}})).pass("held");
    story.change(json!({"spec": {"suspend": false}})).pass("released");
    (story.observed.run, story.observed.unreadable) = (run, None);
    story.settle("the operator was upgraded again");
    story.observed.run = None;
    story.observed.unreadable = Some((0, "unknown field `later`".to_owned()));
    story.after(101).pass("rolled back, until the deadline");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_requested_restart_ignores_the_unreadable_config_map_of_the_run_before() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    story.complete(Stage::Plan).planned(1).published(Stage::Plan, false).settle("published");
    story.observed.jobs.clear();
    story.observed.run = None;
    story.observed.unreadable = Some((0, "unknown field `later`".to_owned()));
    story.pass("the operator was rolled back");
    let restart = json!({"metadata": {"annotations": {"trendjob.dev/restart": "1"}}});
    story.change(restart).pass("another run is requested");
    let status = story.object.status.as_ref().unwrap();
    assert_eq!((status.restarts, status.stage.as_deref()), (Some(1), Some("Plan")));
}

#[test]
fn a_run_whose_config_map_is_refused_ends_with_its_deadline() {
    let mut story = Story::new(json!({"spec": {"activeDeadlineSeconds": 100}}));
    story.refused("ConfigMap job-6a2f41a3-0 can't be created: exceeded quota").pass("applied");
    story.after(101).pass("still refused");
    let status = story.object.status.as_ref().unwrap();
    let failure = status.last_failure.as_ref().unwrap();
    assert_eq!(failure.reason, "DeadlineExceeded");
    assert_eq!(status.stage.as_deref(), Some("Failed"));
}

#[test]
fn the_jobs_of_a_run_without_a_config_map_are_held() {
    let mut story = counting(json!({}));
    story.observed.run = None;
    story.change(json!({"spec": {"suspend": true}})).pass("held");
    insta::assert_snapshot!(story.text);
}

#[test]
fn the_jobs_of_a_run_without_a_config_map_end_with_its_deadline() {
    let mut story = counting(json!({"spec": {"activeDeadlineSeconds": 100}}));
    assert_eq!(story.observed.jobs.len(), 2);
    story.observed.run = None;
    story.after(101).pass("after the deadline");
    assert_eq!(story.object.status.as_ref().unwrap().stage.as_deref(), Some("Failed"));
    assert!(!story.observed.jobs.contains_key(&Stage::Etl), "its Job is deleted");
}

#[test]
fn a_finished_trendjob_reports_its_end_again_once_its_spec_can_be_read() {
    let kstatus = |story: &Story| {
        let conditions = &story.object.status.as_ref().unwrap().conditions;
        let of = |kind| conditions.iter().find(|one| one.kind == kind).unwrap();
        ["Ready", "Reconciling", "Stalled"].map(|kind| {
            let condition = of(kind);
            (condition.status == trendjob::ConditionStatus::True, condition.reason.clone())
        })
    };
    let mut published = Story::new(json!({}));
    published.settle("applied");
    published.complete(Stage::Plan).planned(1).published(Stage::Plan, false).settle("published");
    let mut failed = Story::new(json!({}));
    failed.settle("applied").fail(Stage::Plan, "PodFailurePolicy", "").settle("it failed");
    for mut story in [published, failed] {
        let before = kstatus(&story);
        let refused = operator::plan::refuse(&story.object, "no such field", story.now);
        story.object.status = refused.status;
        assert!(kstatus(&story)[2].0, "it is stalled");
        story.settle("the operator knows the field");
        assert_eq!(kstatus(&story), before);
    }
}

#[test]
fn a_requested_restart_begins_when_the_run_ends() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    let restart =
        |value: &str| json!({"metadata": {"annotations": {"trendjob.dev/restart": value}}});
    story.change(restart("1")).settle("requested while a run is at work: not yet");
    story.fail(Stage::Plan, "PodFailurePolicy", "").settle("it failed: the second run begins");
    story.after(5).change(restart("2")).settle("requested again: not yet");
    story.after(5).fail(Stage::Plan, "PodFailurePolicy", "");
    story.settle("it failed, too: the third run begins");
    assert_eq!(story.object.status.as_ref().unwrap().restarts, Some(2));
    story.after(5).fail(Stage::Plan, "PodFailurePolicy", "").settle("no run is requested");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_requested_restart_of_a_suspended_trendjob_waits_for_its_release() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    story.complete(Stage::Plan).planned(1).published(Stage::Plan, false).settle("published");
    story.change(json!({
        "spec": {"suspend": true},
        "metadata": {"annotations": {"trendjob.dev/restart": "1"}},
    }));
    story.settle("suspended and requested: it stays as it ended");
    story.change(json!({"spec": {"suspend": false}})).settle("released");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_run_that_failed_while_suspended_restarts_after_its_release() {
    let mut story = Story::new(json!({"spec": {"failurePolicy": {"restartLimit": 1}}}));
    story.settle("applied");
    story.change(json!({"spec": {"suspend": true}}));
    story.fail(Stage::Plan, "BackoffLimitExceeded", "").settle("it failed while it was held");
    let failure = story.object.status.as_ref().unwrap().last_failure.clone().unwrap();
    assert_eq!(failure.reason, "BackoffLimitExceeded");
    story.after(1_000).settle("held for long");
    story.change(json!({"spec": {"suspend": false}})).settle("released");
    story.after(10).settle("ten seconds later");
    insta::assert_snapshot!(story.text);
}

#[test]
fn the_status_of_a_finished_run_follows_the_generation_of_the_spec() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    story.complete(Stage::Plan).planned(1).published(Stage::Plan, false).settle("published");
    let later = json!({"metadata": {"generation": 2}, "spec": {"ttlSecondsAfterFinished": 60}});
    story.change(later).settle("a time to live is set");
    let status = story.object.status.as_ref().unwrap();
    // `kubectl wait` ignores conditions of earlier generations.
    assert_eq!(status.observed_generation, Some(2));
    assert!(status.conditions.iter().all(|one| one.observed_generation == Some(2)));
}

#[test]
fn the_event_of_the_plan_counts_compressed_objects() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    story.complete(Stage::Plan).planned(4);
    let message = story.observed.messages.get_mut(&Stage::Plan).unwrap();
    message.plan.as_mut().unwrap().compressed = 2;
    story.settle("planned");
    assert!(story.text.contains("2 of 3 objects are compressed"), "{}", story.text);
}

#[test]
fn a_status_stays_small_with_failures_of_any_size() {
    let mut story = counting(json!({}));
    let indexes: Vec<_> = (0..20_000).step_by(2).map(|index: u32| index.to_string()).collect();
    let indexes = indexes.join(",");
    story.observed.finding = Some(Finding {
        stage: Stage::Etl,
        index: Some(9_999),
        reason: "Error".to_owned(),
        message: "é".repeat(50_000),
        exit_code: Some(42),
        needs_help: false,
    });
    story.settle("a pod failed");
    story.fail(Stage::Etl, "FailedIndexes", &indexes).settle("all failed");
    let status = serde_json::to_string(story.object.status.as_ref().unwrap()).unwrap();
    assert!(status.contains("FailedIndexes") || status.contains("Error"), "{status}");
    assert!(status.len() <= 32 << 10, "{} bytes", status.len());
}

#[test]
fn the_jobs_of_a_deleted_namespace_are_deleted() {
    let mut story = counting(json!({}));
    story.observed.is_namespace_terminating = true;
    story.text.clear();
    story.pass("the namespace is being deleted");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_job_with_a_lost_message_is_repeated_twice() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    for _ in 0..3 {
        story.after(3).complete(Stage::Plan).settle("done, but its pod is gone");
    }
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_deleted_job_is_created_again_unless_a_later_one_exists() {
    let mut story = counting(json!({}));
    story.observed.jobs.clear();
    story.observed.messages.clear();
    story.settle("all Jobs were deleted while the run counted");
    story.complete(Stage::Etl).settle("counted");
    story.observed.jobs.remove(&Stage::Etl);
    story.settle("the Job of etl was deleted while the run merged");
    insta::assert_snapshot!(story.text);
}

#[test]
fn an_overtaken_run_is_complete_but_not_published() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    let message =
        TerminationMessage { outcome: ExitStatus::Superseded, ..TerminationMessage::default() };
    story.observed.messages.insert(Stage::Plan, message);
    story.complete(Stage::Plan).settle("superseded");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_cause_is_reported_once_and_again_when_it_changes() {
    let mut story = counting(json!({}));
    let finding = |reason: &str, needs_help, exit_code| Finding {
        stage: Stage::Etl,
        index: Some(3),
        reason: reason.to_owned(),
        message: "the cause".to_owned(),
        exit_code,
        needs_help,
    };
    story.observed.finding = Some(finding("ImagePullBackOff", true, None));
    story.after(6).settle("the image can't be pulled");
    story.observed.finding = Some(finding("OOMKilled", false, Some(137)));
    story.after(6).settle("the image is pulled, but memory is short");
    story.observed.finding = None;
    story.after(6).settle("it goes on");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_finished_trendjob_is_deleted_after_its_time_to_live() {
    let mut story = Story::new(json!({"spec": {"ttlSecondsAfterFinished": 60}}));
    story.settle("applied");
    story.complete(Stage::Plan).planned(1).published(Stage::Plan, false).settle("published");
    story.after(59).settle("59 s later");
    story.after(1).pass("60 s later");
    insta::assert_snapshot!(story.text);
}

#[test]
fn results_are_removed_with_the_trendjob_once_no_pod_is_left() {
    let mut story = Story::new(json!({"spec": {"deletionPolicy": "Delete"}}));
    story.settle("applied");
    story.change(json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}));
    let remains = |jobs: &[&str], has_pods, purge| Deletion {
        jobs: jobs.iter().map(|name| (*name).to_owned()).collect(),
        has_pods,
        purge,
        is_namespace_terminating: false,
    };
    story.observed.deletion = remains(&["job-6a2f41a3-0-plan"], true, None);
    story.pass("deleted while it plans");
    story.observed.deletion = remains(&[], true, None);
    story.pass("its pod is being deleted");
    story.observed.deletion = remains(&[], false, None);
    story.pass("its pod is gone");
    story.observed.deletion = remains(&[], false, Some(Purge::Running));
    story.pass("its results are being removed");
    story.observed.deletion = remains(&[], false, Some(Purge::Done));
    story.pass("its results are removed");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_trendjob_is_deleted_even_if_its_results_can_not_be_removed() {
    for (label, deletion, after) in [
        (
            "failed",
            Deletion { purge: Some(Purge::Failed("why".to_owned())), ..Deletion::default() },
            1,
        ),
        ("namespace", Deletion { is_namespace_terminating: true, ..Deletion::default() }, 1),
        ("late", Deletion { purge: Some(Purge::Running), ..Deletion::default() }, 601),
    ] {
        let mut story = Story::new(json!({"spec": {"deletionPolicy": "Delete"}}));
        story.settle("applied");
        story.change(json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}));
        story.observed.deletion = deletion;
        story.text.clear();
        story.after(after).pass(label);
        assert!(story.text.contains("RemoveFinalizer"), "{}", story.text);
        assert!(story.text.contains("Warning PurgeAbandoned"), "{}", story.text);
    }
}
