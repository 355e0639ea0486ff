//! What is planned through the life of a TrendJob, as stories whose text a person reviewed.

use operator::diagnosis::Finding;
use operator::names::Stage;
use operator::observed::{Deletion, Purge};
use serde_json::json;
use trendjob::{Outcome, TerminationMessage};

use crate::story::Story;

/// A run of four shards that is counting.
fn counting(changes: serde_json::Value) -> Story {
    let mut story = Story::new(changes);
    story.settle("applied");
    story.after(3).complete(Stage::Plan).planned(4).settle("the plan pod is done");
    story
}

#[test]
fn a_small_run_is_over_with_its_plan_pod() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    story.after(3).complete(Stage::Plan).planned(1).published(Stage::Plan, false);
    story.settle("the plan pod did everything");
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
fn a_run_that_scores_does_so_between_merging_and_publishing() {
    let scored = json!({"profile": "Social", "window": "1h", "scores": ["Burst"]});
    let parts = json!({"image": "mergers"});
    let spec = json!({"analysis": scored, "aggregate": parts});
    let mut story = counting(json!({ "spec": spec }));
    story.complete(Stage::Etl).settle("etl is complete");
    story.complete(Stage::Aggregate).settle("all partitions are merged");
    let merging = story.job(Stage::Aggregate).parts.clone();
    assert_eq!(story.job(Stage::Score).parts, merging, "pods of both are what aggregate says");
    story.complete(Stage::Score).settle("all partitions are scored");
    story.published(Stage::Publish, false).complete(Stage::Publish).settle("it is published");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_run_that_an_older_release_began_scores_when_it_publishes() {
    let scored = json!({"profile": "Social", "window": "1h", "scores": ["Burst"]});
    let mut story = counting(json!({"spec": {"analysis": scored}}));
    story.observed.run.as_mut().unwrap().config.score_stage = false;
    story.complete(Stage::Etl).settle("").complete(Stage::Aggregate).settle("");
    let stages: Vec<_> = story.observed.jobs.keys().copied().collect();
    assert_eq!(stages, [Stage::Plan, Stage::Etl, Stage::Aggregate, Stage::Publish]);
}

#[test]
fn gaps_that_are_allowed_are_frozen_into_the_later_stages() {
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
fn no_shard_at_all_is_no_result_with_gaps() {
    let mut story = counting(json!({"spec": {"failurePolicy": {"maxFailedShards": 10}}}));
    story.fail(Stage::Etl, "FailedIndexes", "0-3").settle("all shards failed");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_run_is_held_and_released_and_its_clock_stands_meanwhile() {
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
fn pods_that_were_changed_while_a_run_was_held_get_another_job() {
    let mut story = counting(json!({}));
    story.change(json!({"spec": {"suspend": true}})).settle("held");
    story.change(json!({"spec": {"etl": {"image": "mended"}}})).settle("another image");
    story.change(json!({"spec": {"suspend": false}})).settle("released");
    story.change(json!({"spec": {"suspend": true}})).settle("held again");
    let both = json!({"spec": {"suspend": false, "etl": {"image": "mended again"}}});
    story.change(both).settle("another image and released, at once");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_job_with_a_queue_label_is_only_made_and_deleted() {
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
fn of_a_job_that_is_in_a_queue_the_queue_decides_whatever_became_of_the_label() {
    let queue = json!({"kueue.x-k8s.io/queue-name": "team"});
    let mut story = Story::new(json!({"metadata": {"labels": queue}}));
    story.settle("applied");
    story.change(json!({"metadata": {"labels": null}})).settle("the label is gone: still queued");
    story.job(Stage::Plan).is_suspended = false;
    story.settle("admitted");
    story.complete(Stage::Plan).planned(4).settle("the next Job is in no queue");
    story.change(json!({"metadata": {"labels": queue}})).settle("the label is back");
    story.change(json!({"spec": {"suspend": true}})).settle("held, not given back");
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
fn a_failed_run_is_tried_again_after_longer_and_longer_waits() {
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
fn a_failure_of_more_words_than_are_kept_is_told_from_others_and_waits_as_long() {
    let mut story = Story::new(json!({"spec": {"failurePolicy": {"restartLimit": 1}}}));
    story.settle("applied");
    story.complete(Stage::Plan).planned(9_000).settle("planned");
    let indexes: Vec<_> = (0..4_500).map(|index| (2 * index).to_string()).collect();
    story.fail(Stage::Etl, "FailedIndexes", &indexes.join(",")).settle("half of its shards failed");
    let failed = story.object.status.as_ref().unwrap().last_failure.clone().unwrap();
    assert!(failed.message.len() < 2_048);
    // The pass it asked for, and one somebody's label made.
    story.after(5).pass("too early");
    assert_eq!(story.object.status.as_ref().unwrap().last_failure.as_ref(), Some(&failed));
    story.after(6).pass("another run");
    assert_eq!(story.object.status.as_ref().unwrap().restarts, Some(1));
}

#[test]
fn the_same_failure_of_the_next_run_has_a_time_of_its_own() {
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
fn what_the_api_server_refuses_to_create_is_said_and_tried_again() {
    let mut story = Story::new(json!({"spec": {"activeDeadlineSeconds": 100}}));
    story.refused("Job job-6a2f41a3-0-plan can't be made: 1GB is no quantity").pass("applied");
    story.pass("still so");
    story.observed.refusal = None;
    story.settle("mended").complete(Stage::Plan).planned(4);
    story.refused("Job job-6a2f41a3-0-etl can't be made: exceeded quota").pass("planned");
    story.after(101).pass("after its deadline");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_run_whose_config_map_can_not_be_read_waits_for_who_can_read_it() {
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
fn a_restart_that_is_asked_for_does_not_hang_on_what_an_earlier_run_was_pinned_to() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    story.complete(Stage::Plan).planned(1).published(Stage::Plan, false).settle("published");
    story.observed.jobs.clear();
    story.observed.run = None;
    story.observed.unreadable = Some((0, "unknown field `later`".to_owned()));
    story.pass("the operator was rolled back");
    let asked = json!({"metadata": {"annotations": {"trendjob.dev/restart": "1"}}});
    story.change(asked).pass("another run is asked for");
    let status = story.object.status.as_ref().unwrap();
    assert_eq!((status.restarts, status.stage.as_deref()), (Some(1), Some("Plan")));
}

#[test]
fn a_run_whose_beginning_is_refused_ends_with_its_deadline() {
    let mut story = Story::new(json!({"spec": {"activeDeadlineSeconds": 100}}));
    story.refused("ConfigMap job-6a2f41a3-0 can't be made: exceeded quota").pass("applied");
    story.after(101).pass("still refused");
    let status = story.object.status.as_ref().unwrap();
    let failure = status.last_failure.as_ref().unwrap();
    assert_eq!(failure.reason, "DeadlineExceeded");
    assert_eq!(status.stage.as_deref(), Some("Failed"));
}

#[test]
fn what_runs_of_a_run_without_its_config_map_is_held_with_it() {
    let mut story = counting(json!({}));
    story.observed.run = None;
    story.change(json!({"spec": {"suspend": true}})).pass("held");
    insta::assert_snapshot!(story.text);
}

#[test]
fn what_runs_of_a_run_without_its_config_map_ends_with_its_deadline() {
    let mut story = counting(json!({"spec": {"activeDeadlineSeconds": 100}}));
    assert_eq!(story.observed.jobs.len(), 2);
    story.observed.run = None;
    story.after(101).pass("over");
    assert_eq!(story.object.status.as_ref().unwrap().stage.as_deref(), Some("Failed"));
    assert!(!story.observed.jobs.contains_key(&Stage::Etl), "nothing runs on");
}

#[test]
fn a_finished_one_says_how_it_ended_again_when_its_spec_can_be_followed() {
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
        let status = story.object.status.clone().unwrap();
        let now = story.now;
        story.object.status = Some(operator::plan::invalid(&status, Some(1), "no such field", now));
        assert!(kstatus(&story)[2].0, "it is stalled");
        story.settle("the operator knows the field");
        assert_eq!(kstatus(&story), before);
    }
}

#[test]
fn a_restart_that_is_asked_for_begins_after_the_end() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    let asked = json!({"metadata": {"annotations": {"trendjob.dev/restart": "1"}}});
    story.change(asked).settle("asked for while it runs: not yet");
    story.fail(Stage::Plan, "PodFailurePolicy", "").settle("it failed");
    story.after(5).settle("it has begun for that value already or not");
    let again = json!({"metadata": {"annotations": {"trendjob.dev/restart": "2"}}});
    story.after(5).change(again).settle("asked for again");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_restart_that_is_asked_for_while_suspended_waits_until_it_is_released() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    story.complete(Stage::Plan).planned(1).published(Stage::Plan, false).settle("published");
    story.change(json!({
        "spec": {"suspend": true},
        "metadata": {"annotations": {"trendjob.dev/restart": "1"}},
    }));
    story.settle("suspended and asked for: it stays as it ended");
    story.change(json!({"spec": {"suspend": false}})).settle("released");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_failed_run_that_is_suspended_is_tried_again_when_it_is_released() {
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
fn what_is_said_of_a_finished_run_is_said_of_the_spec_as_it_is_now() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    story.complete(Stage::Plan).planned(1).published(Stage::Plan, false).settle("published");
    let later = json!({"metadata": {"generation": 2}, "spec": {"ttlSecondsAfterFinished": 60}});
    story.change(later).settle("its time to live is set");
    let status = story.object.status.as_ref().unwrap();
    // `kubectl wait` ignores conditions of earlier generations.
    assert_eq!(status.observed_generation, Some(2));
    assert!(status.conditions.iter().all(|one| one.observed_generation == Some(2)));
}

#[test]
fn compressed_objects_are_mentioned_when_they_are_planned() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    story.complete(Stage::Plan).planned(4);
    let message = story.observed.messages.get_mut(&Stage::Plan).unwrap();
    message.plan.as_mut().unwrap().compressed = 2;
    story.settle("planned");
    assert!(story.text.contains("2 of 3 objects are compressed"), "{}", story.text);
}

#[test]
fn a_status_stays_small_whatever_is_wrong() {
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
fn the_jobs_of_a_namespace_that_goes_are_deleted_so_that_it_can() {
    let mut story = counting(json!({}));
    story.observed.is_namespace_going = true;
    story.text.clear();
    story.pass("the namespace is going");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_message_that_was_lost_is_asked_for_again_but_not_for_ever() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    for _ in 0..3 {
        story.after(3).complete(Stage::Plan).settle("done, but its pod is gone");
    }
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_job_that_somebody_deleted_is_made_again_unless_a_later_one_is_there() {
    let mut story = counting(json!({}));
    story.observed.jobs.clear();
    story.observed.messages.clear();
    story.settle("all Jobs were deleted while it counted");
    story.complete(Stage::Etl).settle("counted");
    story.observed.jobs.remove(&Stage::Etl);
    story.settle("the Job of etl was deleted while it merged");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_run_that_a_later_one_overtook_is_complete_but_not_published() {
    let mut story = Story::new(json!({}));
    story.settle("applied");
    let message =
        TerminationMessage { outcome: Outcome::Superseded, ..TerminationMessage::default() };
    story.observed.messages.insert(Stage::Plan, message);
    story.complete(Stage::Plan).settle("superseded");
    insta::assert_snapshot!(story.text);
}

#[test]
fn what_is_wrong_with_pods_is_told_once_and_again_when_it_changes() {
    let mut story = counting(json!({}));
    let finding = |reason: &str, needs_help, exit_code| Finding {
        stage: Stage::Etl,
        index: Some(3),
        reason: reason.to_owned(),
        message: "as it is".to_owned(),
        exit_code,
        needs_help,
    };
    story.observed.finding = Some(finding("ImagePullBackOff", true, None));
    story.after(6).settle("the image can't be pulled");
    story.observed.finding = Some(finding("OOMKilled", false, Some(137)));
    story.after(6).settle("it can, but memory is short");
    story.observed.finding = None;
    story.after(6).settle("it goes on");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_finished_trendjob_goes_when_its_time_is_over() {
    let mut story = Story::new(json!({"spec": {"ttlSecondsAfterFinished": 60}}));
    story.settle("applied");
    story.complete(Stage::Plan).planned(1).published(Stage::Plan, false).settle("published");
    story.after(59).settle("59 s later");
    story.after(1).pass("60 s later");
    insta::assert_snapshot!(story.text);
}

#[test]
fn results_that_go_with_the_trendjob_are_removed_when_nothing_writes_any_more() {
    let mut story = Story::new(json!({"spec": {"deletionPolicy": "Delete"}}));
    story.settle("applied");
    story.change(json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}));
    let seen = |jobs: &[&str], has_pods, purge| Deletion {
        jobs: jobs.iter().map(|name| (*name).to_owned()).collect(),
        has_pods,
        purge,
        is_namespace_going: false,
    };
    story.observed.deletion = seen(&["job-6a2f41a3-0-plan"], true, None);
    story.pass("deleted while it plans");
    story.observed.deletion = seen(&[], true, None);
    story.pass("its pod is going");
    story.observed.deletion = seen(&[], false, None);
    story.pass("its pod is gone");
    story.observed.deletion = seen(&[], false, Some(Purge::Running));
    story.pass("being removed");
    story.observed.deletion = seen(&[], false, Some(Purge::Done));
    story.pass("removed");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_trendjob_goes_whatever_keeps_its_results_from_being_removed() {
    for (what, deletion, after) in [
        (
            "failed",
            Deletion { purge: Some(Purge::Failed("why".to_owned())), ..Deletion::default() },
            1,
        ),
        ("namespace", Deletion { is_namespace_going: true, ..Deletion::default() }, 1),
        ("late", Deletion { purge: Some(Purge::Running), ..Deletion::default() }, 601),
    ] {
        let mut story = Story::new(json!({"spec": {"deletionPolicy": "Delete"}}));
        story.settle("applied");
        story.change(json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}));
        story.observed.deletion = deletion;
        story.text.clear();
        story.after(after).pass(what);
        assert!(story.text.contains("RemoveFinalizer"), "{}", story.text);
        assert!(story.text.contains("Warning PurgeAbandoned"), "{}", story.text);
    }
}
