//! The contract between the operator and its workers: the parser of the workers' arguments and the
//! reader of their configuration accept everything that the operator writes.

use clap::Parser as _;
use operator::names::Stage;
use operator::plan::Action;
use serde_json::json;
use trendjob::RunConfig;

use crate::story::Story;
use crate::worker_args::{Args, Command};

/// The actions that create the objects of a run.
fn actions(changes: serde_json::Value) -> Vec<Action> {
    let mut story = Story::new(changes);
    let mut all = Vec::new();
    for stage in Stage::ALL {
        for _ in 0..3 {
            all.extend(story.plan().actions);
            story.pass("");
        }
        if !story.observed.jobs.contains_key(&stage) {
            continue;
        }
        if stage == Stage::Plan {
            story.planned(4);
        }
        if stage == Stage::Etl {
            story.fail(stage, "FailedIndexes", "1,3");
        } else {
            story.complete(stage);
        }
    }
    all
}

#[test]
fn workers_accept_their_arguments() {
    let ca = json!({"caSecretRef": {"name": "ca", "key": "ca.crt"}});
    let scored = json!({"profile": "Social", "window": "1h", "scores": ["Burst"]});
    let spec = json!({
        "failurePolicy": {"maxFailedShards": 2}, "sink": {"mongodb": ca}, "analysis": scored,
    });
    let mut stages = Vec::new();
    for action in actions(json!({ "spec": spec })) {
        let Action::CreateJob(job) = action else { continue };
        let pod = job.spec.as_ref().unwrap().template.spec.clone().unwrap();
        let arguments = pod.containers[0].args.clone().unwrap();
        // The index comes from the environment of the pod.
        let index = matches!(arguments[0].as_str(), "etl" | "aggregate" | "score")
            .then(|| "--index=0".to_owned());
        let all = std::iter::once("worker".to_owned()).chain(arguments).chain(index);
        let args = Args::try_parse_from(all).unwrap_or_else(|error| panic!("{error}"));
        assert!(args.location.mongodb_ca_file.is_some() && args.metrics_listen.is_some());
        match &args.command {
            Command::Plan(_) => {}
            Command::Etl(etl) => assert!(etl.later.without_shards.0.is_empty()),
            Command::Aggregate(index) | Command::Score(index) => {
                assert_eq!(index.later.without_shards.0, [1, 3].into());
            }
            Command::Publish(publish) => assert_eq!(publish.without_shards.0, [1, 3].into()),
            Command::Purge(_) => panic!("a run has no purge Job"),
        }
        stages.push(args.command.stage());
    }
    assert_eq!(stages, ["plan", "etl", "aggregate", "score", "publish"]);
}

#[test]
fn workers_read_their_configuration() {
    let actions = actions(json!({"spec": {"failurePolicy": {"maxFailedShards": 2}}}));
    let Some(Action::CreateConfigMap(map)) = actions.first() else { panic!("{actions:?}") };
    let data = map.data.as_ref().unwrap();
    let config = RunConfig::from_json(&data[RunConfig::KEY]).unwrap();
    assert_eq!(config.run(), "6a2f41a3-c54c-4e3c-a3a4-3c1f3a7e0b11-0");
    assert_eq!((config.namespace.as_str(), config.name.as_str()), ("team", "job"));
    assert_eq!(map.immutable, Some(true));
}

#[test]
fn pods_are_restricted_and_have_no_access_to_the_cluster() {
    let parts = json!({"env": [{"name": "A", "value": "b"}], "serviceAccountName": "theirs"});
    for action in actions(json!({"spec": {"etl": parts, "failurePolicy": {"maxFailedShards": 2}}}))
    {
        let Action::CreateJob(job) = action else { continue };
        let pod = job.spec.as_ref().unwrap().template.spec.clone().unwrap();
        assert_eq!(pod.automount_service_account_token, Some(false));
        assert_eq!(pod.enable_service_links, Some(false));
        let context = pod.security_context.unwrap();
        assert_eq!(context.run_as_non_root, Some(true));
        assert_eq!(context.seccomp_profile.unwrap().type_, "RuntimeDefault");
        let container = &pod.containers[0];
        let security = container.security_context.as_ref().unwrap();
        assert_eq!(security.read_only_root_filesystem, Some(true));
        assert_eq!(security.allow_privilege_escalation, Some(false));
        assert_eq!(security.capabilities.as_ref().unwrap().drop, Some(vec!["ALL".to_owned()]));
        assert!(container.resources.as_ref().unwrap().limits.is_some());
        let spill = pod.volumes.as_ref().unwrap().iter().find(|volume| volume.name == "spill");
        assert!(spill.unwrap().empty_dir.as_ref().unwrap().size_limit.is_some());
    }
}
