//! From a watched object to one whose spec can be followed. Pure; owns what is said of one that can't.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, EnvVarSource, ResourceRequirements, Toleration, TopologySpreadConstraint,
};
use serde::de::DeserializeOwned;
use trendjob::{Opaque, PodParts, TrendJobSpec};

use crate::names::{FINALIZER, QUEUE_LABELS, RESTART_ANNOTATION};
use crate::object::TrendJobObject;
use crate::observed::Valid;

/// A spec that can't be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSpec(pub String);

/// Who manages an object, whatever else its spec says.
pub fn manager(object: &TrendJobObject) -> String {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Managed {
        managed_by: Option<String>,
    }
    let managed: Option<Managed> = serde_json::from_str(&object.spec.0).ok();
    managed.and_then(|managed| managed.managed_by).unwrap_or_else(|| trendjob::OPERATOR.to_owned())
}

/// Reads the spec.
///
/// # Errors
/// If it has fields of another version, or parts of pods that are none.
pub fn validate(object: &TrendJobObject) -> Result<Valid, InvalidSpec> {
    let spec: TrendJobSpec = serde_json::from_str(&object.spec.0).map_err(|error| {
        InvalidSpec(format!(
            "the spec can't be read: {error}. The operator and the CustomResourceDefinition are of \
             different versions: upgrade the older one"
        ))
    })?;
    for (stage, parts) in [("plan", &spec.plan), ("etl", &spec.etl), ("aggregate", &spec.aggregate)]
    {
        if let Some(parts) = parts {
            pod_parts(stage, parts)?;
        }
    }
    let metadata = &object.metadata;
    let labels = metadata.labels.iter().flatten();
    let queue_labels: BTreeMap<_, _> = labels
        .filter(|(name, _)| name.starts_with(QUEUE_LABELS))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let annotation = |name: &str| metadata.annotations.as_ref()?.get(name).cloned();
    Ok(Valid {
        name: metadata.name.clone().unwrap_or_default(),
        namespace: metadata.namespace.clone().unwrap_or_default(),
        uid: metadata.uid.clone().unwrap_or_default(),
        generation: metadata.generation,
        spec,
        status: object.status.clone().unwrap_or_default(),
        queue_labels,
        restart: annotation(RESTART_ANNOTATION),
        has_finalizer: metadata.finalizers.iter().flatten().any(|name| name == FINALIZER),
        deleted: metadata.deletion_timestamp.as_ref().map(|time| time.0),
    })
}

/// Checks the parts that the definition leaves to the API server of pods.
fn pod_parts(stage: &str, parts: &PodParts) -> Result<(), InvalidSpec> {
    let at = |field: String| format!("spec.{stage}.{field}");
    if let Some(resources) = &parts.resources {
        typed::<ResourceRequirements>(resources, || at("resources".to_owned()))?;
    }
    if let Some(affinity) = &parts.affinity {
        typed::<Affinity>(affinity, || at("affinity".to_owned()))?;
    }
    for (number, toleration) in parts.tolerations.iter().enumerate() {
        typed::<Toleration>(toleration, || at(format!("tolerations[{number}]")))?;
    }
    for (number, spread) in parts.topology_spread_constraints.iter().enumerate() {
        let field = || at(format!("topologySpreadConstraints[{number}]"));
        typed::<TopologySpreadConstraint>(spread, field)?;
    }
    for (number, variable) in parts.env.iter().enumerate() {
        if let Some(source) = &variable.value_from {
            typed::<EnvVarSource>(source, || at(format!("env[{number}].valueFrom")))?;
        }
    }
    Ok(())
}

fn typed<T: DeserializeOwned>(
    part: &Opaque,
    field: impl FnOnce() -> String,
) -> Result<(), InvalidSpec> {
    let parsed: Result<T, _> = serde_json::from_value(part.0.clone().into());
    parsed.map(drop).map_err(|error| InvalidSpec(format!("{}: {error}", field())))
}
