//! The TrendJob custom resource: its types with their defaults and limits, and the errors of a
//! manifest that breaks them. Owns both; doesn't know clients, clusters, files and clocks.

mod analysis;
mod changes;
#[cfg(feature = "crd")]
mod crd;
mod duration;
mod failure_policy;
mod field_error;
mod format;
mod input;
mod local;
mod manifest;
mod names;
mod pattern;
mod places;
mod pods;
pub mod rules;
mod run_config;
mod schema;
mod schema_check;
mod sharding;
mod sink;
mod size;
mod spec;
mod status;
mod termination;

pub use self::{
    analysis::{Analysis, Baseline, Exclude, StopWords},
    changes::transition,
    duration::{Duration, InvalidDuration},
    failure_policy::FailurePolicy,
    field_error::FieldError,
    format::InvalidFormat,
    input::{ClaimRef, Compression, Input, ObjectRef, Preset, Record, Volume},
    local::unsupported_locally,
    manifest::{Metadata, TrendJob, check_spec, parse_manifest},
    pods::{EnvVar, FsGroupChangePolicy, Opaque, PodMetadata, PodParts, PodSecurityContext},
    run_config::RunConfig,
    schema::structural,
    sharding::Sharding,
    sink::{MongoSink, Retention, SecretKeyRef, Sink},
    size::{InvalidSize, Size},
    spec::{DeletionPolicy, GROUP, KIND, OPERATOR, TrendJobSpec, VERSION},
    status::{
        Condition, ConditionStatus, LastFailure, Records, ResultSummary, Shards, TrendJobStatus,
    },
    termination::{ExitStatus, PlanSummary, TerminationMessage},
};
#[cfg(feature = "crd")]
pub use self::{crd::crd, spec::TrendJobResource};
