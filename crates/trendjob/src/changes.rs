//! The fields of a spec that may change after it was applied. Owns these rules. Only the API server
//! can check them: it alone knows the earlier spec.

use serde_json::{Value, json};

/// Returns the rule that forbids a change of a field of the spec, as the definition holds it;
/// `None` for a field that may change.
pub(crate) fn rule(field: &str) -> Option<Value> {
    let cel = transition(field)?;
    Some(json!({ "rule": cel, "message": message(field), "fieldPath": format!(".{field}") }))
}

/// Returns the CEL expression that forbids a change of a field of the spec; `None` for a field that
/// may change.
///
/// The rules are on `spec` itself, because the API server skips a rule on an optional field when
/// the field is added or removed.
pub fn transition(field: &str) -> Option<String> {
    let stays = format!("has(self.{field}) == has(oldSelf.{field})");
    match field {
        "suspend" | "activeDeadlineSeconds" | "ttlSecondsAfterFinished" | "deletionPolicy" => None,
        "sharding" => {
            let parts = ["chunkSize", "maxShards", "partitions"]
                .map(|part| format!("self.sharding.{part} == oldSelf.sharding.{part}"));
            Some(format!("{stays} && (!has(self.sharding) || ({}))", parts.join(" && ")))
        }
        _ => {
            let equal =
                format!("{stays} && (!has(self.{field}) || self.{field} == oldSelf.{field})");
            let is_pods = ["plan", "etl", "aggregate"].contains(&field);
            Some(if is_pods { format!("oldSelf.suspend || ({equal})") } else { equal })
        }
    }
}

fn message(field: &str) -> String {
    match field {
        "plan" | "etl" | "aggregate" => format!("{field} can only be changed while suspended"),
        "sharding" => "only parallelism can be changed in sharding".to_owned(),
        _ => format!("{field} can't be changed: create another TrendJob"),
    }
}
