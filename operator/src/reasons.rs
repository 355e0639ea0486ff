//! The reasons of conditions, failures and events that more than one place uses. Programs compare
//! them, so each is defined once. The reasons of workers, pods and Jobs are passed on as reported.

/// The spec can't be read by this version.
pub(crate) const INVALID_SPEC: &str = "InvalidSpec";

// The state of a run.
pub(crate) const PENDING: &str = "Pending";
pub(crate) const SUSPENDED: &str = "Suspended";
/// The Job waits in its queue.
pub(crate) const QUEUED: &str = "Queued";
pub(crate) const COMPLETE: &str = "Complete";
/// A later run of the source was published first.
pub(crate) const SUPERSEDED: &str = "Superseded";
pub(crate) const FAILED: &str = "Failed";

// The progress of a run.
pub(crate) const PLANNED: &str = "Planned";
pub(crate) const PUBLISHED: &str = "Published";

// Failures that the operator finds itself.
pub(crate) const DEADLINE_EXCEEDED: &str = "DeadlineExceeded";
/// The termination message of a pod that succeeded could not be read.
pub(crate) const MESSAGE_LOST: &str = "MessageLost";
pub(crate) const NODE_LOST: &str = "NodeLost";

// Reasons of Kubernetes that the operator compares.
pub(crate) const FAILED_CREATE: &str = "FailedCreate";
pub(crate) const UNSCHEDULABLE: &str = "Unschedulable";
pub(crate) const IMAGE_PULL_BACK_OFF: &str = "ImagePullBackOff";
pub(crate) const OOM_KILLED: &str = "OOMKilled";
pub(crate) const ERROR: &str = "Error";
