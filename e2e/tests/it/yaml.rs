//! YAML as values.

use serde_json::Value;

/// Parses all documents of a text.
#[track_caller]
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let parts = text.split("\n---").map(|part| part.trim_start_matches("---"));
    let parts =
        parts.filter(|part| part.lines().any(|line| !line.is_empty() && !line.starts_with('#')));
    parts.map(document).collect()
}

/// Parses one document.
#[track_caller]
pub(crate) fn document(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Returns a field of an object as text; empty if it is absent or not a text.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Returns `Kind/name` of an object.
pub(crate) fn name(object: &Value) -> String {
    format!("{}/{}", text(object, "/kind"), text(object, "/metadata/name"))
}

/// Returns the spec of the pods that an object creates.
pub(crate) fn pod_spec(object: &Value) -> Option<&Value> {
    let pointer = match text(object, "/kind") {
        "Pod" => "/spec",
        "Deployment" | "StatefulSet" | "Job" => "/spec/template/spec",
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        _ => return None,
    };
    object.pointer(pointer)
}
