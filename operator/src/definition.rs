//! The check of the cluster's `CustomResourceDefinition` of TrendJobs. Owns the log and the metric
//! about a definition that is missing or older than the operator: with an older one the API server
//! drops fields without an error. Reads the API server's OpenAPI document, which every account may
//! read.

use std::collections::BTreeSet;
use std::time::Duration;

use kube::Client;
use serde_json::Value;

use crate::metrics;

/// The time between two checks while the definition is missing or lacks fields.
const WHILE_WRONG: Duration = Duration::from_secs(5);
/// The time between two checks while the definition is complete.
const WHILE_RIGHT: Duration = Duration::from_mins(5);

/// The most fields that the log names.
const NAMED: usize = 10;

/// The result of the check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Definition {
    /// The cluster knows every field that this operator knows.
    Same,
    /// The cluster has no definition.
    Missing,
    /// The cluster's definition lacks these fields.
    Lacking(Vec<String>),
}

/// Checks the definition for ever, and logs each change of the result.
pub(crate) async fn watch(client: Client) {
    let mut known = None;
    loop {
        match check(&client).await {
            Ok(definition) => {
                metrics::definition(match &definition {
                    Definition::Same => 0,
                    Definition::Missing => 1,
                    Definition::Lacking(fields) => fields.len(),
                });
                if known.as_ref() != Some(&definition) {
                    log(&definition);
                    known = Some(definition);
                }
            }
            Err(error) => tracing::debug!(%error, "the definition could not be checked"),
        }
        let is_right = known == Some(Definition::Same);
        tokio::time::sleep(if is_right { WHILE_RIGHT } else { WHILE_WRONG }).await;
    }
}

fn log(definition: &Definition) {
    match definition {
        Definition::Same => tracing::info!(
            "the cluster's definition of TrendJobs has every field that this operator knows"
        ),
        Definition::Missing => tracing::error!(
            "this cluster has no CustomResourceDefinition of TrendJobs: install it, with \
             kubectl apply --server-side -f manifests/crd/trendjobs.yaml or the chart's crds.enabled=true"
        ),
        Definition::Lacking(fields) => tracing::error!(
            lacking = fields.len(),
            "the CustomResourceDefinition of TrendJobs is older than this operator and drops {}{}: \
             install the one of this version, with kubectl apply --server-side -f \
             manifests/crd/trendjobs.yaml or the chart's crds.enabled=true",
            fields[..fields.len().min(NAMED)].join(", "),
            if fields.len() > NAMED { " and more" } else { "" }
        ),
    }
}

/// Checks the definition once.
///
/// # Errors
/// If the API server does not answer.
pub async fn check(client: &Client) -> Result<Definition, kube::Error> {
    let path = format!("/openapi/v3/apis/{}/{}", trendjob::GROUP, trendjob::VERSION);
    let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
    match client.request::<Value>(request).await {
        Ok(document) => Ok(compare(&document)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Definition::Missing),
        Err(error) => Err(error),
    }
}

/// Compares the API server's document with the fields that this operator knows.
fn compare(document: &Value) -> Definition {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    let is_ours = |schema: &&Value| {
        let kinds = schema["x-kubernetes-group-version-kind"].as_array();
        kinds.into_iter().flatten().any(|kind| kind["kind"] == trendjob::KIND)
    };
    let Some(served) = schemas.and_then(|schemas| schemas.values().find(is_ours)) else {
        return Definition::Missing;
    };
    let fields = |schema: &Value| {
        let mut found = BTreeSet::new();
        for part in ["spec", "status"] {
            collect(&schema["properties"][part], part, &mut found);
        }
        found
    };
    let lacking: Vec<_> =
        fields(&trendjob::structural()).difference(&fields(served)).cloned().collect();
    // A field inside a missing one is not named.
    let outermost =
        |field: &&String| !lacking.iter().any(|other| field.starts_with(&format!("{other}.")));
    let lacking: Vec<_> = lacking.iter().filter(outermost).cloned().collect();
    if lacking.is_empty() { Definition::Same } else { Definition::Lacking(lacking) }
}

/// Collects the paths of all fields under a schema.
fn collect(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        collect(inner, &path, found);
        found.insert(path);
    }
    if schema["items"].is_object() {
        collect(&schema["items"], path, found);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(schema: Value) -> Value {
        let mut schema = schema;
        schema["x-kubernetes-group-version-kind"] =
            json!([{"group": "trendjob.dev", "version": "v1alpha1", "kind": "TrendJob"}]);
        let list = json!({"x-kubernetes-group-version-kind": [{"kind": "TrendJobList"}]});
        json!({"components": {"schemas": {"a.TrendJobList": list, "b.TrendJob": schema}}})
    }

    #[test]
    fn the_definitions_of_this_and_newer_versions_are_the_same() {
        let mut schema = trendjob::structural();
        assert_eq!(compare(&document(schema.clone())), Definition::Same);
        schema["properties"]["spec"]["properties"]["novelty"] = json!({"type": "string"});
        assert_eq!(compare(&document(schema)), Definition::Same);
    }

    #[test]
    fn only_the_outermost_missing_fields_are_named() {
        let mut schema = trendjob::structural();
        let properties = |schema: &mut Value, at: &str| {
            schema.pointer_mut(at).and_then(Value::as_object_mut).unwrap().clone()
        };
        let mut spec = properties(&mut schema, "/properties/spec/properties");
        spec.remove("failurePolicy").unwrap();
        let input = spec.get_mut("input").unwrap();
        input["properties"].as_object_mut().unwrap().remove("maxRecordSize").unwrap();
        schema["properties"]["spec"]["properties"] = spec.into();
        let expected = ["spec.failurePolicy", "spec.input.maxRecordSize"].map(str::to_owned);
        assert_eq!(compare(&document(schema)), Definition::Lacking(expected.into()));
    }

    #[test]
    fn fields_of_list_entries_are_compared_too() {
        let mut schema = trendjob::structural();
        let conditions = schema.pointer_mut("/properties/status/properties/conditions").unwrap();
        conditions["items"]["properties"].as_object_mut().unwrap().remove("reason").unwrap();
        let expected = vec!["status.conditions.reason".to_owned()];
        assert_eq!(compare(&document(schema)), Definition::Lacking(expected));
    }

    #[test]
    fn a_group_without_the_kind_counts_as_missing() {
        assert_eq!(compare(&json!({"components": {"schemas": {}}})), Definition::Missing);
        assert_eq!(compare(&json!({})), Definition::Missing);
    }
}
