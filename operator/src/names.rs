//! The names, labels and annotations of the Jobs and the `ConfigMap` of a run. Names are
//! deterministic, within the limits of Kubernetes, and never used for two things.

pub use vocabulary::{PURGE, Stage};

/// The label that every child carries; watches select by it.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "trendjob-operator");
/// The label with the name of the TrendJob.
pub const TRENDJOB_LABEL: &str = "trendjob.dev/name";
/// The label with the uid of the TrendJob.
pub const UID_LABEL: &str = "trendjob.dev/uid";
/// The label with the number of the restart.
pub const RESTART_LABEL: &str = "trendjob.dev/restart";
/// The label with the stage.
pub const STAGE_LABEL: &str = "trendjob.dev/stage";
/// The annotation of a TrendJob whose change starts another run once the last one has ended.
pub const RESTART_ANNOTATION: &str = "trendjob.dev/restart";
/// The annotation of a run's `ConfigMap` with the number of runs since a user last started one.
pub const TRIES_ANNOTATION: &str = "trendjob.dev/tries";
/// The annotation of a Job with the shards that failed and are not in the result.
pub const WITHOUT_ANNOTATION: &str = "trendjob.dev/without-shards";
/// The annotation of a Job with the hash of its run's plan.
pub const PLAN_ANNOTATION: &str = "trendjob.dev/plan-hash";
/// The annotation of a Job with the hash of the pod settings that it was made with.
///
/// Earlier builds wrote a hash of another kind, under `trendjob.dev/pod-parts`. That annotation is
/// not read: a Job without this one counts as unchanged, so an upgrade of the operator never
/// deletes a running Job.
pub const POD_SETTINGS_ANNOTATION: &str = "trendjob.dev/pod-settings-hash";
/// The finalizer that keeps a TrendJob until its results are removed.
pub const FINALIZER: &str = "trendjob.dev/purge";
/// The prefix of the labels that Jobs inherit from their TrendJob.
pub const QUEUE_LABELS: &str = "kueue.x-k8s.io/";
/// The label with the Kueue queue of a Job.
pub const QUEUE_LABEL: &str = "kueue.x-k8s.io/queue-name";

/// The field of the spec with the settings of a stage's pods. Publish shares those of plan, score
/// those of aggregate.
pub const fn pods_field(stage: Stage) -> &'static str {
    match stage {
        Stage::Plan | Stage::Publish => "plan",
        Stage::Etl => "etl",
        Stage::Aggregate | Stage::Score => "aggregate",
    }
}

/// The most characters of a TrendJob's name in the names of its children. The host name of an
/// Indexed Job's pod is these characters, then `-<uid8>-<restart>-aggregate-<index>` with up to
/// five digits for the restart and four for the index. The API server refuses the Job if the host
/// name exceeds 63 characters.
const NAME: usize = 33;

/// One run of one TrendJob, for the names of its Jobs and its `ConfigMap`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunName<'a> {
    /// The name of the TrendJob.
    pub name: &'a str,
    /// The uid of the TrendJob.
    pub uid: &'a str,
    /// The number of restarts before this run, from 0.
    pub restart: u32,
}

impl RunName<'_> {
    /// `<name>-<uid8>-<restart>`: the name of the `ConfigMap`, and the beginning of the names of
    /// all Jobs.
    pub fn base(&self) -> String {
        format!("{}-{}", self.trendjob(), self.restart)
    }

    /// `<name>-<uid8>`: unique also after a TrendJob was deleted and created again.
    fn trendjob(&self) -> String {
        let name = self.name.get(..NAME).unwrap_or(self.name).trim_end_matches('-');
        format!("{name}-{}", self.uid.get(..8).unwrap_or(self.uid))
    }

    /// The name of a stage's Job. A Job whose termination message was lost is repeated under the
    /// next number; the first has number 0.
    pub fn job(&self, stage: Stage, number: u32) -> String {
        let base = self.base();
        if number == 0 { format!("{base}-{stage}") } else { format!("{base}-{stage}-{number}") }
    }

    /// The name of the Job that removes the results of all runs of the TrendJob.
    pub fn purge(&self) -> String {
        format!("{}-purge", self.trendjob())
    }

    /// The name of the run in the store and in `status.runUID`.
    pub fn run(&self) -> String {
        format!("{}-{}", self.uid, self.restart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_names_of_jobs_and_pods_fit_into_a_label() {
        let name = "a".repeat(40);
        let uid = "6a2f41a3-c54c-4e3c-a3a4-3c1f3a7e0b11";
        let run = RunName { name: &name, uid, restart: 99_999 };
        assert!(run.job(Stage::Aggregate, 0).len() + "-1023".len() <= 63);
        assert!(run.job(Stage::Etl, 0).len() + "-9999".len() <= 63);
        assert!(run.job(Stage::Publish, 2).len() <= 63 && run.purge().len() <= 63);
        let run = RunName { name: "election", uid, restart: 0 };
        assert_eq!(run.job(Stage::Plan, 0), "election-6a2f41a3-0-plan");
        assert_eq!(run.job(Stage::Plan, 2), "election-6a2f41a3-0-plan-2");
        assert_eq!(run.purge(), "election-6a2f41a3-purge");
    }
}
