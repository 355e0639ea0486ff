//! The names of everything a TrendJob's run consists of. Owns that they are deterministic, within
//! the limits of Kubernetes and never used for two things.

pub use vocabulary::{PURGE, Stage};

/// What every child carries, so that watches and lists find it.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "trendjob-operator");
/// The label with the name of the TrendJob.
pub const JOB_LABEL: &str = "trendjob.dev/name";
/// The label with the uid of the TrendJob.
pub const UID_LABEL: &str = "trendjob.dev/uid";
/// The label with the number of the restart.
pub const RESTART_LABEL: &str = "trendjob.dev/restart";
/// The label with the stage.
pub const STAGE_LABEL: &str = "trendjob.dev/stage";
/// The annotation of a TrendJob that starts another run when it changes after an end.
pub const RESTART_ANNOTATION: &str = "trendjob.dev/restart";
/// The annotation of a run's `ConfigMap` that counts the runs since the last one a user started.
pub const TRIES_ANNOTATION: &str = "trendjob.dev/tries";
/// The annotation of a Job with the shards its pods go on without.
pub const WITHOUT_ANNOTATION: &str = "trendjob.dev/without-shards";
/// The annotation of a Job with the hash of the plan its pods go by.
pub const PLAN_ANNOTATION: &str = "trendjob.dev/plan-hash";
/// The annotation of a Job that tells what the spec said about its pods from what it says now.
pub const PARTS_ANNOTATION: &str = "trendjob.dev/pod-parts";
/// What keeps a TrendJob until its results are removed.
pub const FINALIZER: &str = "trendjob.dev/purge";
/// Labels of a TrendJob that its Jobs carry, too.
pub const QUEUE_LABELS: &str = "kueue.x-k8s.io/";
/// The label that gives a Job to Kueue.
pub const QUEUE_LABEL: &str = "kueue.x-k8s.io/queue-name";

/// Returns the field of the spec with the settings of a stage's pods: publish uses plan's, and score
/// uses aggregate's.
pub const fn pods_field(stage: Stage) -> &'static str {
    match stage {
        Stage::Plan | Stage::Publish => "plan",
        Stage::Etl => "etl",
        Stage::Aggregate | Stage::Score => "aggregate",
    }
}

/// How much of a TrendJob's name is in its children's. The host name of an Indexed Job's pod, which
/// has at most 63 characters or the Job is refused, is this, `-<uid8>-<restart>-aggregate-<index>`
/// with five digits of restarts and four of partitions.
const NAME: usize = 33;

/// One run of one TrendJob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunName<'a> {
    /// The name of the TrendJob.
    pub name: &'a str,
    /// Its uid.
    pub uid: &'a str,
    /// How often it was started again.
    pub restart: u32,
}

impl RunName<'_> {
    /// `<name>-<uid8>-<restart>`: what the names of all children begin with, and the `ConfigMap`'s.
    pub fn base(&self) -> String {
        format!("{}-{}", self.trendjob(), self.restart)
    }

    /// What tells one TrendJob from all others, also from an earlier one of the same name.
    fn trendjob(&self) -> String {
        let name = self.name.get(..NAME).unwrap_or(self.name).trim_end_matches('-');
        format!("{name}-{}", self.uid.get(..8).unwrap_or(self.uid))
    }

    /// The name of a stage's Job. A Job whose message was lost is repeated under the next number.
    pub fn job(&self, stage: Stage, number: u32) -> String {
        let base = self.base();
        if number == 0 { format!("{base}-{stage}") } else { format!("{base}-{stage}-{number}") }
    }

    /// The name of the Job that removes all runs of the TrendJob.
    pub fn purge(&self) -> String {
        format!("{}-purge", self.trendjob())
    }

    /// The run as workers know it.
    pub fn run(&self) -> String {
        format!("{}-{}", self.uid, self.restart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_jobs_and_host_names_of_pods_stay_within_a_label_at_their_longest() {
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
