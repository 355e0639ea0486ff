//! The types of conditions: those of a TrendJob, which the operator writes, and those of Jobs and
//! pods, which it reads.

// As kstatus defines them.
pub(crate) const READY: &str = "Ready";
pub(crate) const RECONCILING: &str = "Reconciling";
/// The run can't go on until a user fixes the cause.
pub(crate) const STALLED: &str = "Stalled";

/// The run is held by `spec.suspend` or by a queue.
pub(crate) const SUSPENDED: &str = "Suspended";
/// The input is listed and cut into shards.
pub(crate) const PLANNED: &str = "Planned";
/// No shard is left to count.
pub(crate) const SHARDS_COMPLETE: &str = "ShardsComplete";
/// The result is visible to readers.
pub(crate) const PUBLISHED: &str = "Published";
/// The run is over and has not failed.
pub(crate) const COMPLETE: &str = "Complete";
/// The run failed for good.
pub(crate) const FAILED: &str = "Failed";

/// Conditions of a Kubernetes Job.
pub(crate) mod job {
    pub(crate) const COMPLETE: &str = "Complete";
    pub(crate) const FAILED: &str = "Failed";
}

/// Conditions of a pod.
pub(crate) mod pod {
    /// The pod has a node.
    pub(crate) const SCHEDULED: &str = "PodScheduled";
    /// Kubernetes ended the pod for a cause outside the pod.
    pub(crate) const DISRUPTION_TARGET: &str = "DisruptionTarget";
}
