//! What of a spec may change after it was applied. Owns these rules, which only the API server can
//! check, as it alone knows what was before; refuses to know the fields' own limits.

use serde_json::{Value, json};

/// The rule, as a definition holds it, that a field of the spec doesn't change.
pub(crate) fn rule(field: &str) -> Option<Value> {
    let cel = transition(field)?;
    Some(json!({ "rule": cel, "message": message(field), "fieldPath": format!(".{field}") }))
}

/// The CEL that a field of the spec doesn't change; `None` for those that may.
///
/// The rules sit on `spec`, because a rule on an optional field isn't asked when it comes or goes.
pub fn transition(field: &str) -> Option<String> {
    let kept = format!("has(self.{field}) == has(oldSelf.{field})");
    match field {
        "suspend" | "activeDeadlineSeconds" | "ttlSecondsAfterFinished" | "deletionPolicy" => None,
        "sharding" => {
            let parts = ["chunkSize", "maxShards", "partitions"]
                .map(|part| format!("self.sharding.{part} == oldSelf.sharding.{part}"));
            Some(format!("{kept} && (!has(self.sharding) || ({}))", parts.join(" && ")))
        }
        _ => {
            let same = format!("{kept} && (!has(self.{field}) || self.{field} == oldSelf.{field})");
            let pods = ["plan", "etl", "aggregate"].contains(&field);
            Some(if pods { format!("oldSelf.suspend || ({same})") } else { same })
        }
    }
}

fn message(field: &str) -> String {
    match field {
        "plan" | "etl" | "aggregate" => format!("{field} can only be changed while suspended"),
        "sharding" => "of sharding only parallelism can be changed".to_owned(),
        _ => format!("{field} can't be changed: create another TrendJob"),
    }
}
