//! The life of a TrendJob without a cluster: passes of `plan` over a state that the test sets, with
//! every plan carried out at once. The story is written as text for snapshots.

use std::fmt::Write as _;

use clap::Parser as _;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use operator::args::{Args, Command};
use operator::names::Stage;
use operator::object::{JobObject, JobStatus, TrendJobObject, prune_job};
use operator::observed::{ClusterState, End, ObservedJob, StartedRun};
use operator::pass::Pass;
use operator::plan::{Action, PassPlan, plan};
use operator::settings::Settings;
use operator::validate::validate;
use serde_json::{Value, json};
use trendjob::{PlanSummary, ResultSummary, RunConfig, TerminationMessage};

/// A TrendJob, the cluster around it, and the text of its story so far.
pub(crate) struct Story {
    pub(crate) object: TrendJobObject,
    pub(crate) observed: ClusterState,
    pub(crate) now: Timestamp,
    pub(crate) text: String,
}

impl Story {
    /// A TrendJob that was just applied.
    pub(crate) fn new(changes: Value) -> Self {
        let mut object = json!({
            "apiVersion": "trendjob.dev/v1alpha1", "kind": "TrendJob",
            "metadata": {
                "name": "job", "namespace": "team", "generation": 1,
                "uid": "6a2f41a3-c54c-4e3c-a3a4-3c1f3a7e0b11",
                "creationTimestamp": "2026-01-01T00:00:00Z",
            },
            "spec": {
                "source": "sample",
                "input": {"uris": ["file:///data/*"], "volume": {"configMap": {"name": "posts"}}},
            },
        });
        crate::cluster::manifests::merge(&mut object, changes);
        Self {
            object: serde_json::from_value(object).unwrap(),
            observed: ClusterState::default(),
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            text: String::new(),
        }
    }

    /// Changes the spec or the metadata.
    pub(crate) fn change(&mut self, changes: Value) -> &mut Self {
        let mut object = serde_json::to_value(&self.object).unwrap();
        crate::cluster::manifests::merge(&mut object, changes);
        self.object = serde_json::from_value(object).unwrap();
        self
    }

    pub(crate) fn after(&mut self, seconds: i64) -> &mut Self {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        self
    }

    /// The Job of a stage.
    pub(crate) fn job(&mut self, stage: Stage) -> &mut ObservedJob {
        self.observed.jobs.get_mut(&stage).unwrap()
    }

    /// Completes the Job of a stage.
    pub(crate) fn complete(&mut self, stage: Stage) -> &mut Self {
        let job = self.job(stage);
        job.end = Some(End::Complete);
        job.status = JobStatus { succeeded: job.completions, ..JobStatus::default() };
        self
    }

    /// Fails the Job of a stage.
    pub(crate) fn fail(&mut self, stage: Stage, reason: &str, indexes: &str) -> &mut Self {
        let job = self.job(stage);
        let (reason, message) = (reason.to_owned(), "the message of Kubernetes".to_owned());
        job.end = Some(End::Failed { reason, message });
        job.status.failed_indexes = Some(indexes.to_owned()).filter(|indexes| !indexes.is_empty());
        self
    }

    /// Lets the API server refuse the next object.
    pub(crate) fn refused(&mut self, what: &str) -> &mut Self {
        self.observed.refusal = Some(what.to_owned());
        self
    }

    /// Lets the plan pod report a plan of `shards` shards.
    pub(crate) fn planned(&mut self, shards: u32) -> &mut Self {
        let plan = PlanSummary {
            hash: "5".repeat(64),
            start_number: 7,
            shards,
            partitions: 8,
            objects: 3,
            compressed: 0,
            bytes: 12_345,
        };
        let message = TerminationMessage { plan: Some(plan), ..TerminationMessage::default() };
        self.observed.messages.insert(Stage::Plan, message);
        self
    }

    /// Lets the pod of a stage report a result.
    pub(crate) fn published(&mut self, stage: Stage, incomplete: bool) -> &mut Self {
        let message = self.observed.messages.entry(stage).or_default();
        message.result = Some(ResultSummary {
            database: "trends".to_owned(),
            generation: 4,
            digest: "d".repeat(8),
            topics: 99,
            incomplete,
        });
        message.records = Some(trendjob::Records { read: 10, counted: 8, empty: 1, malformed: 1 });
        self
    }

    /// The plan of the next pass.
    pub(crate) fn plan(&self) -> PassPlan {
        let trendjob = validate(&self.object).unwrap();
        let (observed, settings) = (&self.observed, &settings());
        plan(&Pass { trendjob: &trendjob, observed, settings, now: self.now })
    }

    /// Makes one pass and carries out its plan.
    pub(crate) fn pass(&mut self, label: &str) -> &mut Self {
        let plan = self.plan();
        writeln!(self.text, "{label}").unwrap();
        self.write(&plan);
        for action in plan.actions {
            self.act(action);
        }
        if let Some(status) = plan.status {
            self.object.status = Some(status);
        }
        self
    }

    /// Makes passes until another one would change nothing.
    pub(crate) fn settle(&mut self, label: &str) -> &mut Self {
        self.pass(label);
        for _ in 0..5 {
            let next = self.plan();
            let is_same = next.status.is_none() || next.status == self.object.status;
            if next.actions.is_empty() && next.notices.is_empty() && is_same {
                return self;
            }
            self.pass("  then");
        }
        panic!("never settles\n{}", self.text);
    }

    /// Writes a plan into the story.
    fn write(&mut self, plan: &PassPlan) {
        let before = self.object.status.clone().unwrap_or_default();
        let text = &mut self.text;
        for action in &plan.actions {
            writeln!(text, "    {}", short(action)).unwrap();
        }
        if let Some(status) = plan.status.as_ref().filter(|status| **status != before) {
            let mut line = format!("    {}", status.stage.as_deref().unwrap_or_default());
            if let Some(shards) = &status.shards {
                write!(line, " {}", shards.summary).unwrap();
            }
            for one in &status.conditions {
                if one.status == trendjob::ConditionStatus::True {
                    write!(line, ", {} ({})", one.kind, one.reason).unwrap();
                }
            }
            writeln!(text, "{line}").unwrap();
        }
        for notice in &plan.notices {
            let kind = if notice.is_warning { "Warning" } else { "Normal" };
            writeln!(text, "    {kind} {}: {}", notice.reason, notice.note).unwrap();
        }
        if let Some(requeue) = plan.requeue {
            writeln!(text, "    again in {} s", requeue.as_secs()).unwrap();
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::CreateConfigMap(map) => {
                let config = RunConfig::from_json(&map.data.as_ref().unwrap()["run.json"]).unwrap();
                let annotations = map.metadata.annotations.clone().unwrap();
                let previous = self.observed.jobs.values().map(|job| job.name.clone()).collect();
                self.observed = ClusterState {
                    previous,
                    run: Some(StartedRun {
                        config,
                        restart: annotations.get("trendjob.dev/restart").cloned(),
                        tries: annotations["trendjob.dev/tries"].parse().unwrap(),
                        created: self.now,
                    }),
                    ..ClusterState::default()
                };
            }
            Action::CreateJob(job) => {
                let labels = job.metadata.labels.clone().unwrap();
                let Some(stage) = Stage::ALL
                    .into_iter()
                    .find(|stage| labels["trendjob.dev/stage"] == stage.name())
                else {
                    return;
                };
                let job = serde_json::to_value(&*job).unwrap();
                let mut job: JobObject = serde_json::from_value(job).unwrap();
                prune_job(&mut job);
                let mut observed = ObservedJob::of(stage, &job);
                observed.created = Some(self.now);
                self.observed.jobs.insert(stage, observed);
                *self.observed.repeated.entry(stage).or_default() += 1;
            }
            Action::SuspendJob { name, suspend } => self.named(&name).is_suspended = suspend,
            Action::ScaleJob { name, parallelism } => self.named(&name).parallelism = parallelism,
            Action::DeleteJob { name } => {
                self.observed.jobs.retain(|_, job| job.name != name);
                self.observed.previous.retain(|job| *job != name);
            }
            Action::AddFinalizer => {
                self.object.metadata.finalizers = Some(vec!["trendjob.dev/purge".to_owned()]);
            }
            Action::RemoveFinalizer => self.object.metadata.finalizers = None,
            Action::DeleteConfigMap { .. }
            | Action::ForceDeletePod { .. }
            | Action::DeleteTrendJob => {}
        }
    }

    fn named(&mut self, name: &str) -> &mut ObservedJob {
        self.observed.jobs.values_mut().find(|job| job.name == name).unwrap()
    }
}

/// The settings of an operator without arguments.
fn settings() -> Settings {
    let Command::Run(args) = Args::parse_from(["operator", "run"]).command else { panic!("run") };
    args.settings
}

/// An action in one line.
fn short(action: &Action) -> String {
    match action {
        Action::CreateConfigMap(map) => {
            format!("create ConfigMap {}", map.metadata.name.as_deref().unwrap())
        }
        Action::CreateJob(job) => {
            let spec = job.spec.as_ref().unwrap();
            let container = &spec.template.spec.as_ref().unwrap().containers[0];
            let arguments = container.args.as_ref().unwrap().join(" ");
            let held = if spec.suspend == Some(true) { " held" } else { "" };
            format!(
                "create Job {}{held}, {} of {}: {arguments}",
                job.metadata.name.as_deref().unwrap(),
                spec.parallelism.unwrap_or(1),
                spec.completions.unwrap_or(1),
            )
        }
        Action::SuspendJob { name, suspend: true } => format!("hold Job {name}"),
        Action::SuspendJob { name, suspend: false } => format!("release Job {name}"),
        Action::ScaleJob { name, parallelism } => {
            format!("let {parallelism} pods of Job {name} run")
        }
        Action::DeleteJob { name } => format!("delete Job {name}"),
        Action::DeleteConfigMap { name } => format!("delete ConfigMap {name}"),
        Action::ForceDeletePod { name, .. } => format!("delete pod {name} by force"),
        Action::AddFinalizer | Action::RemoveFinalizer | Action::DeleteTrendJob => {
            format!("{action:?}")
        }
    }
}
