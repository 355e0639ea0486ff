//! The plan of a pass: the changes of the cluster, the status and the events.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use trendjob::TrendJobStatus;

use super::events::Notice;
use crate::observed::ObservedJob;

/// The changes that a pass makes: first the actions in this order, then the status, then the
/// events.
#[derive(Debug, Default)]
pub struct PassPlan {
    /// The changes of the cluster.
    pub actions: Vec<Action>,
    /// The new status; `None` leaves the status as it is.
    pub status: Option<TrendJobStatus>,
    /// The events.
    pub notices: Vec<Notice>,
    /// The time until the next pass if nothing changes before; `None` if no pass is due by itself.
    pub requeue: Option<Duration>,
}

/// One change of the cluster. Each may be repeated without harm.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Adds the finalizer that keeps the TrendJob until its results are removed.
    AddFinalizer,
    /// Removes the finalizer.
    RemoveFinalizer,
    /// Pins the configuration of a run. A `ConfigMap` that exists stays as it is.
    CreateConfigMap(Box<ConfigMap>),
    /// Starts a stage. A Job that exists stays as it is.
    CreateJob(Box<Job>),
    /// Suspends or resumes a Job.
    SuspendJob {
        /// Its name.
        name: String,
        /// True to suspend it, false to resume it.
        suspend: bool,
    },
    /// Changes the number of pods of a Job that may run at once.
    ScaleJob {
        /// Its name.
        name: String,
        /// The new number.
        parallelism: u32,
    },
    /// Deletes a Job with its pods.
    DeleteJob {
        /// Its name.
        name: String,
    },
    /// Deletes a `ConfigMap`.
    DeleteConfigMap {
        /// Its name.
        name: String,
    },
    /// Deletes a pod at once, because its node is lost and can't confirm that the pod has ended.
    ForceDeletePod {
        /// Its name.
        name: String,
        /// Its uid, so that a later pod of the same name is not deleted.
        uid: String,
    },
    /// Deletes the TrendJob.
    DeleteTrendJob,
}

impl Action {
    /// Deletes this Job.
    pub(super) fn delete(job: &ObservedJob) -> Self {
        Self::DeleteJob { name: job.name.clone() }
    }
}
