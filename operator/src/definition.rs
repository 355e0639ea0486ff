//! Whether the cluster's definition of a TrendJob is of this version. An older one takes fields away from
//! what is written, silently. Owns the comparison and who is told; refuses to change the definition.

use std::convert::Infallible;
use std::time::Duration;

use http::Request;
use kube::Client;
use serde_json::Value;

use crate::metrics;

/// How often it is compared: definitions are changed while operators run.
const EVERY: Duration = Duration::from_secs(600);

/// What keeps definitions from being compared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cluster does not say.
    #[error("asking the cluster for its definition of a TrendJob: {0}")]
    Api(#[from] kube::Error),
    /// The request can't be made, which is a defect.
    #[error("asking the cluster for its definition of a TrendJob: {0}")]
    Request(#[from] http::Error),
    /// This version's own can't be written, which is a defect.
    #[error("writing the definition of a TrendJob: {0}")]
    Json(#[from] serde_json::Error),
}

/// Compares the definitions again and again, and says when the cluster's lacks something.
pub(crate) async fn compare(client: Client) -> Infallible {
    let mut before = Vec::new();
    loop {
        match missing(&client).await {
            Ok(missing) => {
                metrics::missing_fields(missing.len());
                if missing != before && !missing.is_empty() {
                    let fields = missing.join(", ");
                    tracing::error!(
                        fields,
                        "the cluster's definition of a TrendJob is older than this operator and drops these \
                         fields: apply the manifests/crd of this version"
                    );
                }
                before = missing;
            }
            Err(error) => tracing::warn!(%error, "the definition was not compared"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// The fields of this version that the cluster's definition doesn't have, like `status.shards.total`.
///
/// # Errors
/// If the cluster does not say.
pub async fn missing(client: &Client) -> Result<Vec<String>, Error> {
    let path = format!("/openapi/v3/apis/{}/{}", trendjob::GROUP, trendjob::VERSION);
    // Everybody may read this; the definition itself only who has rights beyond all namespaces.
    let served: Value = client.request(Request::get(path).body(Vec::new())?).await?;
    let group: Vec<_> = trendjob::GROUP.rsplit('.').collect();
    let name = format!("{}.{}.{}", group.join("."), trendjob::VERSION, trendjob::KIND);
    let own = serde_json::to_value(trendjob::crd())?;
    let own = &own["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    Ok(lacking(own, &served["components"]["schemas"][name]))
}

/// The paths of the fields that one schema has and the other doesn't.
fn lacking(own: &Value, other: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for part in ["spec", "status"] {
        let (own, other) = (&own["properties"][part], &other["properties"][part]);
        compare_at(part, own, other, &mut found);
    }
    found
}

fn compare_at(path: &str, own: &Value, other: &Value, found: &mut Vec<String>) {
    if other.is_null() {
        found.push(path.to_owned());
        return;
    }
    for (name, field) in own["properties"].as_object().into_iter().flatten() {
        compare_at(&format!("{path}.{name}"), field, &other["properties"][name], found);
    }
    if let Some(items) = own.get("items") {
        compare_at(&format!("{path}[]"), items, &other["items"], found);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_older_definition_lacks_is_named_and_what_a_newer_one_has_is_not() {
        let text = || json!({"type": "string"});
        let schema = |shards: Value, more: Value| {
            let conditions = json!({"type": "array", "items": {"properties": more}});
            let status =
                json!({"properties": {"shards": {"properties": shards}, "conditions": conditions}});
            json!({"properties": {"spec": {"properties": {"source": text()}}, "status": status}})
        };
        let newer = schema(json!({"total": text(), "failed": text()}), json!({"type": text()}));
        let older = schema(json!({"total": text()}), json!({}));
        assert_eq!(lacking(&newer, &older), ["status.conditions[].type", "status.shards.failed"]);
        assert_eq!(lacking(&older, &newer), [""; 0]);
        assert_eq!(lacking(&newer, &newer), [""; 0]);
        assert_eq!(lacking(&newer, &Value::Null), ["spec", "status"]);
    }
}
