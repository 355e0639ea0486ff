//! The reasons of conditions, failures and events: words that programs compare, so each is written
//! down once. Other reasons, of workers, pods and Jobs, are passed on as reported.

/// The spec can't be read by this version.
pub(crate) const INVALID_SPEC: &str = "InvalidSpec";
/// The `ConfigMap` of the run can't be read by this version.
pub(crate) const UNREADABLE_RUN: &str = "UnreadableRun";

// The state of a run.
pub(crate) const PENDING: &str = "Pending";
pub(crate) const RUNNING: &str = "Running";
pub(crate) const SUSPENDED: &str = "Suspended";
/// `spec.suspend` holds the run: the reason of the condition Suspended.
pub(crate) const SUSPENDED_BY_USER: &str = "SuspendedByUser";
pub(crate) const NOT_SUSPENDED: &str = "NotSuspended";
/// The Job waits in its queue.
pub(crate) const QUEUED: &str = "Queued";
pub(crate) const RESTARTING: &str = "Restarting";
pub(crate) const COMPLETE: &str = "Complete";
/// A later run of the source was published first.
pub(crate) const SUPERSEDED: &str = "Superseded";
pub(crate) const FAILED: &str = "Failed";

// The progress of a run.
pub(crate) const RUN_STARTED: &str = "RunStarted";
pub(crate) const RESUMED: &str = "Resumed";
pub(crate) const PLANNED: &str = "Planned";
pub(crate) const SHARDS_COMPLETE: &str = "ShardsComplete";
/// All shards are counted except those that failed for good: the condition and the event.
pub(crate) const COMPLETE_WITH_GAPS: &str = "CompleteWithGaps";
pub(crate) const GAPS: &str = "Gaps";
pub(crate) const PUBLISHED: &str = "Published";
/// The result is published without the shards that failed.
pub(crate) const INCOMPLETE: &str = "Incomplete";

// Failures that the operator finds itself.
pub(crate) const DEADLINE_EXCEEDED: &str = "DeadlineExceeded";
/// The termination message of a pod that succeeded could not be read.
pub(crate) const MESSAGE_LOST: &str = "MessageLost";
/// The termination message of a pod has neither a plan nor a result.
pub(crate) const INVALID_MESSAGE: &str = "InvalidMessage";
/// Results stay in the database after the TrendJob is gone.
pub(crate) const PURGE_ABANDONED: &str = "PurgeAbandoned";
/// The claim of the input is missing or not bound.
pub(crate) const VOLUME_UNAVAILABLE: &str = "VolumeUnavailable";
pub(crate) const NODE_LOST: &str = "NodeLost";

// Reasons of Kubernetes that the operator compares.
pub(crate) const FAILED_INDEXES: &str = "FailedIndexes";
pub(crate) const FAILED_CREATE: &str = "FailedCreate";
pub(crate) const FAILED_MOUNT: &str = "FailedMount";
pub(crate) const FAILED_ATTACH_VOLUME: &str = "FailedAttachVolume";
pub(crate) const UNSCHEDULABLE: &str = "Unschedulable";
pub(crate) const ERR_IMAGE_PULL: &str = "ErrImagePull";
pub(crate) const IMAGE_PULL_BACK_OFF: &str = "ImagePullBackOff";
pub(crate) const ERR_IMAGE_NEVER_PULL: &str = "ErrImageNeverPull";
pub(crate) const INVALID_IMAGE_NAME: &str = "InvalidImageName";
pub(crate) const CREATE_CONTAINER_CONFIG_ERROR: &str = "CreateContainerConfigError";
pub(crate) const CREATE_CONTAINER_ERROR: &str = "CreateContainerError";
pub(crate) const RUN_CONTAINER_ERROR: &str = "RunContainerError";
pub(crate) const CONTAINER_CREATING: &str = "ContainerCreating";
pub(crate) const POD_INITIALIZING: &str = "PodInitializing";
pub(crate) const OOM_KILLED: &str = "OOMKilled";
pub(crate) const ERROR: &str = "Error";
