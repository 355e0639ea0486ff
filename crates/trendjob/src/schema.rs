//! The structural schema of a TrendJob, as the API server accepts it. The definition holds it and
//! manifests are checked against it. Owns its form; doesn't know any manifest.

use std::{collections::BTreeMap, sync::LazyLock};

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    rules,
    spec::{KIND, TrendJobSpec},
    status::TrendJobStatus,
};

/// The metadata fields that a manifest may have. Their schema is the API server's.
const METADATA: [&str; 13] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Returns the schema of the definition, with every rule at its place.
pub fn structural() -> Value {
    let mut root = plain(&json!({
        "type": "object",
        "properties": { "name": { "type": "string", "maxLength": 253 } },
    }));
    rules::write_into(&mut root);
    root
}

/// Returns the schema that manifests are checked against: the definition's without rules, and a
/// schema of the metadata, which the definition leaves to the API server.
pub(crate) fn local() -> &'static Value {
    static LOCAL: LazyLock<Value> = LazyLock::new(|| {
        let texts = json!({ "type": "object", "additionalProperties": { "type": "string" } });
        let mut fields: BTreeMap<&str, Value> = METADATA
            .into_iter()
            .map(|name| (name, json!({ "x-kubernetes-preserve-unknown-fields": true })))
            .collect();
        fields.insert("name", json!({ "type": "string", "minLength": 1 }));
        fields.insert("namespace", json!({ "type": "string" }));
        fields.insert("labels", texts.clone());
        fields.insert("annotations", texts);
        plain(&json!({ "type": "object", "properties": fields, "required": ["name"] }))
    });
    &LOCAL
}

/// Returns the schema of the whole object without rules.
fn plain(metadata: &Value) -> Value {
    json!({
        "type": "object",
        "description": format!("A {KIND}: one analysis of a data set, run once."),
        "required": ["metadata", "spec"],
        "properties": {
            "apiVersion": { "type": "string" },
            "kind": { "type": "string" },
            "metadata": metadata,
            "spec": of::<TrendJobSpec>(),
            "status": of::<TrendJobStatus>(),
        },
    })
}

/// Returns the structural schema of a type.
fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
        settings.transforms.clear();
    });
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<T>().to_value();
    restructure(&mut schema);
    schema
}

/// Rewrites a JSON schema into the form that the API server accepts: no alternatives, no null, no
/// closed objects (it refuses unknown fields anyway), no formats that it doesn't know.
fn restructure(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    for key in ["title", "$schema"] {
        object.remove(key);
    }
    if object.get("additionalProperties") == Some(&Value::Bool(false)) {
        object.remove("additionalProperties");
    }
    if object.get("format").is_some_and(|format| format != "date-time") {
        bound(object);
        object.remove("format");
    }
    drop_null(object);
    gather_variants(object);
    if let Some(text) = object.get("description").and_then(Value::as_str) {
        let text = text.replace('`', "").replace('\n', " ");
        object.insert("description".to_owned(), Value::String(text));
    }
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(restructure);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = object.get_mut(key) {
            restructure(inner);
        }
    }
}

/// Replaces a number format with its range. The API server itself limits integers to 64 bits.
fn bound(object: &mut Map<String, Value>) {
    let (least, most) = match object.get("format").and_then(Value::as_str) {
        Some("uint16") => (0, i64::from(u16::MAX)),
        Some("uint32") => (0, i64::from(u32::MAX)),
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => return,
    };
    object.entry("minimum").or_insert(least.into());
    object.entry("maximum").or_insert(most.into());
}

/// Removes null: an optional value may be absent, but not null.
fn drop_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else { return };
    let before = choices.len();
    choices.retain(|choice| choice.get("type") != Some(&json!("null")));
    if choices.len() == 1 && before == 2 {
        let only = choices.remove(0);
        object.remove("anyOf");
        if let Value::Object(inner) = only {
            for (key, value) in inner {
                object.entry(key).or_insert(value);
            }
        }
    }
}

/// Replaces the described variants with one enumeration of their names.
fn gather_variants(object: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = object.remove("oneOf") else { return };
    let mut names = Vec::new();
    for choice in &choices {
        if let Some(name) = choice.get("const") {
            names.push(name.clone());
        }
        if let Some(Value::Array(more)) = choice.get("enum") {
            names.extend(more.iter().cloned());
        }
    }
    object.insert("type".to_owned(), json!("string"));
    object.insert("enum".to_owned(), Value::Array(names));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Visits every schema inside a schema, with its place.
    fn walk(place: &str, schema: &Value, visit: &mut dyn FnMut(&str, &Value)) {
        visit(place, schema);
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            walk(&format!("{place}.{name}"), inner, visit);
        }
        for key in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get(key).filter(|inner| inner.is_object()) {
                walk(&format!("{place}[]"), inner, visit);
            }
        }
    }

    #[test]
    fn every_pattern_of_the_schema_is_a_regular_expression() {
        walk("", local(), &mut |place, schema| {
            if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
                assert!(regex::Regex::new(pattern).is_ok(), "{place}: {pattern}");
            }
        });
    }

    #[test]
    fn every_list_map_and_text_of_the_schema_has_a_limit() {
        walk("", &structural(), &mut |place, schema| {
            if place.starts_with(".apiVersion") || place.starts_with(".kind") {
                return;
            }
            let needs = match schema["type"].as_str() {
                Some("array") => "maxItems",
                Some("string") if schema.get("enum").is_none() => "maxLength",
                Some("object") if schema.get("additionalProperties").is_some() => "maxProperties",
                _ => return,
            };
            assert!(schema.get(needs).is_some(), "{place} has no {needs}");
        });
    }

    #[test]
    fn the_schema_is_structural() {
        walk("", &structural(), &mut |place, schema| {
            for key in ["oneOf", "$ref", "nullable", "$schema", "title", "const", "definitions"] {
                assert!(schema.get(key).is_none(), "{place} has {key}");
            }
            let typed = schema["type"].is_string() || schema["x-kubernetes-int-or-string"] == true;
            assert!(typed, "{place} has no type: {schema}");
            assert!(
                schema.get("description").is_some()
                    || place.is_empty()
                    || place.contains("[]")
                    || ["metadata", "apiVersion", "kind", ".spec", ".status"]
                        .iter()
                        .any(|name| place.contains(name)),
                "{place} has no description"
            );
        });
    }
}
