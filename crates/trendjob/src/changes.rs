//! The fields of a spec that may change after it was applied. Owns these rules. Only the API server
//! can check them: it alone knows the earlier spec.

use serde_json::{Value, json};

/// Returns the rule that a field of the spec doesn't change, as the definition holds it.
pub(crate) fn rule(field: &str) -> Option<Value> {
    let cel = transition(field)?;
    Some(json!({ "rule": cel, "message": message(field), "fieldPath": format!(".{field}") }))
}

/// Returns the CEL that a field of the spec doesn't change; `None` for a field that may.
///
/// The rules stand on `spec`: the API server skips a rule on an optional field that comes or goes.
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
