//! Whether the cluster knows TrendJobs as this operator does. Owns what is said when it doesn't: a
//! definition that is missing, or an older one, which drops fields without a word. Reads what every
//! account may read, the API server's own description of its kinds.

use std::collections::BTreeSet;
use std::time::Duration;

use kube::Client;
use serde_json::Value;

use crate::metrics;

/// How often it is looked at while something is wrong with it, and otherwise.
const WHILE_WRONG: Duration = Duration::from_secs(5);
const WHILE_RIGHT: Duration = Duration::from_secs(300);

/// The most fields that are named.
const NAMED: usize = 10;

/// What the cluster knows of TrendJobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Definition {
    /// All that this operator does.
    Same,
    /// Nothing.
    Missing,
    /// Not these fields.
    Lacking(Vec<String>),
}

/// Looks at the definition again and again, for ever, and says what is wrong with it when that
/// changes.
pub(crate) async fn watch(client: Client) {
    let mut known = None;
    loop {
        match look(&client).await {
            Ok(definition) => {
                metrics::definition(match &definition {
                    Definition::Same => 0,
                    Definition::Missing => 1,
                    Definition::Lacking(fields) => fields.len(),
                });
                if known.as_ref() != Some(&definition) {
                    tell(&definition);
                    known = Some(definition);
                }
            }
            Err(error) => tracing::debug!(%error, "the definition was not looked at"),
        }
        let is_right = known == Some(Definition::Same);
        tokio::time::sleep(if is_right { WHILE_RIGHT } else { WHILE_WRONG }).await;
    }
}

fn tell(definition: &Definition) {
    match definition {
        Definition::Same => tracing::info!("the cluster knows TrendJobs as this operator does"),
        Definition::Missing => tracing::error!(
            "this cluster doesn't know TrendJobs: install their CustomResourceDefinition, with \
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

/// Asks the cluster what it knows of TrendJobs.
///
/// # Errors
/// If the cluster does not say.
pub async fn look(client: &Client) -> Result<Definition, kube::Error> {
    let path = format!("/openapi/v3/apis/{}/{}", trendjob::GROUP, trendjob::VERSION);
    let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
    match client.request::<Value>(request).await {
        Ok(document) => Ok(compare(&document)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Definition::Missing),
        Err(error) => Err(error),
    }
}

/// Compares what the API server describes with what this operator knows.
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
    // Of a part that is missing as a whole, the whole is named.
    let outermost =
        |field: &&String| !lacking.iter().any(|other| field.starts_with(&format!("{other}.")));
    let lacking: Vec<_> = lacking.iter().filter(outermost).cloned().collect();
    if lacking.is_empty() { Definition::Same } else { Definition::Lacking(lacking) }
}

/// The paths of all fields under a schema.
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
    fn the_definition_of_this_version_is_the_same_with_whatever_a_newer_one_adds() {
        let mut schema = trendjob::structural();
        assert_eq!(compare(&document(schema.clone())), Definition::Same);
        schema["properties"]["spec"]["properties"]["novelty"] = json!({"type": "string"});
        assert_eq!(compare(&document(schema)), Definition::Same);
    }

    #[test]
    fn fields_that_an_older_definition_drops_are_named_the_outermost_only() {
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
    fn fields_of_entries_of_lists_are_looked_at_too() {
        let mut schema = trendjob::structural();
        let conditions = schema.pointer_mut("/properties/status/properties/conditions").unwrap();
        conditions["items"]["properties"].as_object_mut().unwrap().remove("reason").unwrap();
        let expected = vec!["status.conditions.reason".to_owned()];
        assert_eq!(compare(&document(schema)), Definition::Lacking(expected));
    }

    #[test]
    fn a_group_without_the_kind_is_as_good_as_none() {
        assert_eq!(compare(&json!({"components": {"schemas": {}}})), Definition::Missing);
        assert_eq!(compare(&json!({})), Definition::Missing);
    }
}
