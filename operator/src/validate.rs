//! Turns a watched TrendJob into a [`CheckedTrendJob`]. Pure. Parses everything that a
//! `CheckedTrendJob` holds, so that later steps can't fail on it. Owns the message about a spec
//! that can't be read.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, EnvVar, EnvVarSource, ResourceRequirements, Toleration, TopologySpreadConstraint,
};
use k8s_openapi::jiff::Timestamp;
use serde::de::DeserializeOwned;
use trendjob::{
    Condition, ConditionStatus, DeletionPolicy, Opaque, PodParts, TrendJobSpec, TrendJobStatus,
};
use xxhash_rust::xxh3::xxh3_64;

use crate::condition_types::{COMPLETE, FAILED};
use crate::names::{FINALIZER, QUEUE_LABELS, RESTART_ANNOTATION, RunName, Stage};
use crate::object::TrendJobObject;
use crate::times::StatusTimes;

/// A TrendJob whose spec was read and whose pod settings are typed.
#[derive(Debug, Clone)]
pub struct CheckedTrendJob {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its uid.
    pub uid: String,
    /// The generation of the spec.
    pub generation: Option<i64>,
    /// The present spec. A run follows the spec that was pinned when it began.
    pub spec: TrendJobSpec,
    /// The last status.
    pub status: TrendJobStatus,
    /// The times of the last status.
    pub times: StatusTimes,
    /// The labels that its Jobs get, too.
    pub queue_labels: BTreeMap<String, String>,
    /// The value of its restart annotation.
    pub restart: Option<String>,
    /// True if it has the finalizer of this operator.
    pub has_finalizer: bool,
    /// The time at which its deletion was requested; `None` if it was not.
    pub deleted: Option<Timestamp>,
    /// The pod settings of plan, etl and aggregate. They take kilobytes, so they are on the heap:
    /// up to 1,024 passes hold a TrendJob at once.
    pods: Box<[PodSettings; 3]>,
}

impl CheckedTrendJob {
    /// Returns true if its results are removed with it.
    pub fn is_purged(&self) -> bool {
        self.spec.deletion_policy == DeletionPolicy::Delete
    }

    /// Returns true if its run has ended, with success or failure.
    pub fn is_finished(&self) -> bool {
        is_true(&self.status.conditions, COMPLETE) || is_true(&self.status.conditions, FAILED)
    }

    /// The settings of a stage's pods, at [`pods_field`](crate::names::pods_field).
    pub(crate) fn pods(&self, stage: Stage) -> &PodSettings {
        let [plan, etl, aggregate] = &*self.pods;
        match stage {
            Stage::Plan | Stage::Publish => plan,
            Stage::Etl => etl,
            Stage::Aggregate | Stage::Score => aggregate,
        }
    }

    /// The number of pods that may run at once in a stage with this number of indexes.
    pub(crate) fn parallelism(&self, indexes: u32) -> u32 {
        self.spec.sharding.parallelism.min(indexes).max(1)
    }

    /// The names of one of its runs.
    pub(crate) fn run_name(&self, restart: u32) -> RunName<'_> {
        RunName { name: &self.name, uid: &self.uid, restart }
    }

    /// The TrendJob with another status.
    pub(crate) fn with_status(&self, status: TrendJobStatus) -> Self {
        Self { times: StatusTimes::of(&status), status, ..self.clone() }
    }
}

/// Returns true if the condition of this type is true.
pub(crate) fn is_true(conditions: &[Condition], kind: &str) -> bool {
    conditions.iter().any(|one| one.kind == kind && one.status == ConditionStatus::True)
}

/// The pod settings of a stage with every part parsed.
#[derive(Debug, Clone, Default)]
pub(crate) struct PodSettings {
    /// The settings as they are in the spec.
    pub(crate) parts: PodParts,
    /// Requests and limits.
    pub(crate) resources: Option<ResourceRequirements>,
    /// Affinity to nodes and pods.
    pub(crate) affinity: Option<Affinity>,
    /// Tolerated taints.
    pub(crate) tolerations: Vec<Toleration>,
    /// Rules for the spread over nodes.
    pub(crate) topology_spread_constraints: Vec<TopologySpreadConstraint>,
    /// Environment variables.
    pub(crate) env: Vec<EnvVar>,
    /// A hash of the settings. The pods of a Job can't be changed, so it is stored on the Job to
    /// notice when the spec changes. A stored hash must be the same in every build: xxh3 is, the
    /// hasher of the standard library may change with each release of Rust.
    pub(crate) hash: String,
}

impl PodSettings {
    fn of(field: &str, parts: Option<&PodParts>) -> Result<Self, InvalidSpec> {
        let parts = parts.cloned().unwrap_or_default();
        let at = |part: &str| format!("spec.{field}.{part}");
        let json = serde_json::to_vec(&parts)
            .map_err(|error| InvalidSpec(format!("spec.{field}: {error}")))?;
        let env = parts.env.iter().enumerate().map(|(number, variable)| {
            let source = variable.value_from.as_ref();
            let source = source.map(|source| {
                typed::<EnvVarSource>(source, || at(&format!("env[{number}].valueFrom")))
            });
            Ok(EnvVar {
                name: variable.name.clone(),
                value: variable.value.clone(),
                value_from: source.transpose()?,
            })
        });
        let resources = parts.resources.as_ref().map(|part| typed(part, || at("resources")));
        let affinity = parts.affinity.as_ref().map(|part| typed(part, || at("affinity")));
        Ok(Self {
            resources: resources.transpose()?,
            affinity: affinity.transpose()?,
            tolerations: all_typed(&parts.tolerations, &at("tolerations"))?,
            topology_spread_constraints: all_typed(
                &parts.topology_spread_constraints,
                &at("topologySpreadConstraints"),
            )?,
            env: env.collect::<Result<_, _>>()?,
            hash: format!("{:016x}", xxh3_64(&json)),
            parts,
        })
    }
}

/// Parses a part that the `CustomResourceDefinition` leaves to the API server's own types.
fn typed<T: DeserializeOwned>(
    part: &Opaque,
    field: impl FnOnce() -> String,
) -> Result<T, InvalidSpec> {
    serde_json::from_value(part.0.clone().into())
        .map_err(|error| InvalidSpec(format!("{}: {error}", field())))
}

fn all_typed<T: DeserializeOwned>(parts: &[Opaque], field: &str) -> Result<Vec<T>, InvalidSpec> {
    let parts = parts.iter().enumerate();
    parts.map(|(number, part)| typed(part, || format!("{field}[{number}]"))).collect()
}

/// The message about a spec that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSpec(pub String);

/// The controller that manages a TrendJob, even if the rest of its spec can't be read.
pub fn manager(object: &TrendJobObject) -> String {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ManagerField {
        managed_by: Option<String>,
    }
    let field: Option<ManagerField> = serde_json::from_str(&object.spec.0).ok();
    field.and_then(|field| field.managed_by).unwrap_or_else(|| trendjob::OPERATOR.to_owned())
}

/// Reads a TrendJob.
///
/// # Errors
/// If the spec has fields of another version, or pod settings of a wrong type.
pub fn validate(object: &TrendJobObject) -> Result<CheckedTrendJob, InvalidSpec> {
    let spec: TrendJobSpec = serde_json::from_str(&object.spec.0).map_err(|error| {
        InvalidSpec(format!(
            "the spec can't be read: {error}. The operator and the CustomResourceDefinition are of \
             different versions: upgrade the older one"
        ))
    })?;
    let metadata = &object.metadata;
    let labels = metadata.labels.iter().flatten();
    let queue_labels = labels.filter(|(name, _)| name.starts_with(QUEUE_LABELS));
    let annotation = |name: &str| metadata.annotations.as_ref()?.get(name).cloned();
    let status = object.status.clone().unwrap_or_default();
    Ok(CheckedTrendJob {
        name: metadata.name.clone().unwrap_or_default(),
        namespace: metadata.namespace.clone().unwrap_or_default(),
        uid: metadata.uid.clone().unwrap_or_default(),
        generation: metadata.generation,
        times: StatusTimes::of(&status),
        status,
        queue_labels: queue_labels.map(|(name, value)| (name.clone(), value.clone())).collect(),
        restart: annotation(RESTART_ANNOTATION),
        has_finalizer: metadata.finalizers.iter().flatten().any(|name| name == FINALIZER),
        deleted: metadata.deletion_timestamp.as_ref().map(|time| time.0),
        pods: Box::new([
            PodSettings::of("plan", spec.plan.as_ref())?,
            PodSettings::of("etl", spec.etl.as_ref())?,
            PodSettings::of("aggregate", spec.aggregate.as_ref())?,
        ]),
        spec,
    })
}
