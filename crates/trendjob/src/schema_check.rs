//! Checks a value against a structural schema as the API server does: it drops nulls and fills in
//! defaults, then checks types, limits and names. Owns the checks and their messages; doesn't know
//! any field.

use serde_json::{Map, Number, Value};
use strsim::levenshtein;

use crate::{FieldError, pattern, places::join};

/// Changes a value as the API server does before it checks: drops known fields that are null, turns
/// whole floating-point numbers into integers, and fills in defaults.
pub(crate) fn prepare(schema: &Value, value: &mut Value) {
    let integer = schema["type"] == "integer" || schema["x-kubernetes-int-or-string"] == true;
    let float = value.as_f64().filter(|_| value.is_f64() && integer);
    if let Some(whole) = float.and_then(whole) {
        *value = Value::Number(whole);
    }
    match value {
        Value::Object(fields) => prepare_fields(schema, fields),
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    prepare(schema, item);
                }
            }
        }
        _ => {}
    }
}

fn prepare_fields(schema: &Value, fields: &mut Map<String, Value>) {
    let map = schema.get("additionalProperties").is_some();
    fields.retain(|name, value| {
        !value.is_null() || !(map || schema["properties"].get(name).is_some())
    });
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(default) = schema.get("default").filter(|_| !fields.contains_key(name)) {
            fields.insert(name.clone(), default.clone());
        }
        if let Some(value) = fields.get_mut(name) {
            prepare(schema, value);
        }
    }
}

/// Returns a floating-point number as an integer if it is whole and at most 2^53 in size.
fn whole(number: f64) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() != 0.0 || number.abs() > EXACT {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    Some(Number::from(number as i64))
}

/// Adds the errors of a value.
pub(crate) fn check(schema: &Value, path: &str, value: &Value, errors: &mut Vec<FieldError>) {
    let before = errors.len();
    check_type(schema, path, value, errors);
    if errors.len() > before {
        return;
    }
    check_enum(schema, path, value, errors);
    match value {
        Value::String(text) => check_text(schema, path, text, errors),
        Value::Number(number) => check_number(schema, path, number, errors),
        Value::Array(items) => check_items(schema, path, items, errors),
        Value::Object(fields) => check_fields(schema, path, fields, errors),
        Value::Null | Value::Bool(_) => {}
    }
}

fn check_type(schema: &Value, path: &str, value: &Value, errors: &mut Vec<FieldError>) {
    let (fits, wanted) = match schema["type"].as_str() {
        Some("object") => (value.is_object(), "an object"),
        Some("array") => (value.is_array(), "a list"),
        Some("string") => (value.is_string(), "a string"),
        Some("boolean") => (value.is_boolean(), "true or false"),
        Some("integer") => (value.is_i64() || value.is_u64(), "a whole number"),
        Some("number") => (value.is_number(), "a number"),
        _ if schema["x-kubernetes-int-or-string"] == true => {
            (value.is_string() || value.is_i64() || value.is_u64(), "a whole number or a string")
        }
        _ => return,
    };
    if !fits {
        errors.push(invalid(path, value, &format!("should be {wanted}")));
    }
}

fn check_enum(schema: &Value, path: &str, value: &Value, errors: &mut Vec<FieldError>) {
    let Some(known) = schema["enum"].as_array() else { return };
    if known.contains(value) {
        return;
    }
    let names: Vec<String> = known.iter().map(Value::to_string).collect();
    let names = names.join(", ");
    let message = format!("Unsupported value: {}: supported values: {names}", shown(value));
    errors.push(FieldError::new(path, message));
}

fn check_text(schema: &Value, path: &str, text: &str, errors: &mut Vec<FieldError>) {
    let length = text.chars().count() as u64;
    let limit = |key: &str| schema[key].as_u64();
    let requirement = if let Some(min) = limit("minLength").filter(|min| length < *min) {
        format!("should be at least {min} {} long", plural(min, "character"))
    } else if let Some(max) = limit("maxLength").filter(|max| length > *max) {
        format!("should be at most {max} characters long, not {length}")
    } else if let Some(wanted) = schema["pattern"].as_str().filter(|p| !pattern::matches(p, text)) {
        format!("should match '{wanted}'")
    } else {
        return;
    };
    errors.push(invalid(path, &Value::from(text), &requirement));
}

fn check_number(schema: &Value, path: &str, number: &Number, errors: &mut Vec<FieldError>) {
    let exact = number.as_i128().unwrap_or_default();
    let value = Value::Number(number.clone());
    let limit = |key: &str| schema[key].as_number().and_then(Number::as_i128);
    if let Some(min) = limit("minimum").filter(|min| exact < *min) {
        errors.push(invalid(path, &value, &format!("should be greater than or equal to {min}")));
    }
    if let Some(max) = limit("maximum").filter(|max| exact > *max) {
        errors.push(invalid(path, &value, &format!("should be less than or equal to {max}")));
    }
}

fn check_items(schema: &Value, path: &str, items: &[Value], errors: &mut Vec<FieldError>) {
    let count = items.len() as u64;
    if let Some(min) = schema["minItems"].as_u64().filter(|min| count < *min) {
        let message = format!("Invalid value: should have at least {min} {}", plural(min, "item"));
        errors.push(FieldError::new(path, message));
    }
    if let Some(max) = schema["maxItems"].as_u64().filter(|max| count > *max) {
        let message =
            format!("Too many: {count}: should have at most {max} {}", plural(max, "item"));
        errors.push(FieldError::new(path, message));
        return;
    }
    let set = schema["x-kubernetes-list-type"] == "set";
    for (index, item) in items.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if set && items[..index].contains(item) {
            errors.push(FieldError::new(&path, format!("Duplicate value: {}", shown(item))));
        }
        if let Some(schema) = schema.get("items") {
            check(schema, &path, item, errors);
        }
    }
}

fn check_fields(
    schema: &Value,
    path: &str,
    fields: &Map<String, Value>,
    errors: &mut Vec<FieldError>,
) {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            errors.push(FieldError::new(&join(path, name), "Required value".to_owned()));
        }
    }
    if let Some(max) = schema["maxProperties"].as_u64().filter(|max| fields.len() as u64 > *max) {
        let message = format!("Too many: {}: should have at most {max} entries", fields.len());
        errors.push(FieldError::new(path, message));
    }
    let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
    for (name, value) in fields {
        let place = join(path, name);
        let inner = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        match inner {
            Some(inner) => check(inner, &place, value, errors),
            None if open => {}
            None => errors.push(FieldError::new(&place, unknown(schema, &place, name))),
        }
    }
}

fn unknown(schema: &Value, place: &str, name: &str) -> String {
    let known = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name);
    let lower = name.to_lowercase();
    let near = known.map(|known| (levenshtein(&known.to_lowercase(), &lower), known)).min();
    let letters = name.chars().count();
    let limit = (letters / 3).max(2).min(letters / 2);
    match near.filter(|(distance, _)| *distance <= limit) {
        Some((_, near)) => format!("unknown field {place:?}, did you mean {near:?}?"),
        None => format!("unknown field {place:?}"),
    }
}

fn plural(count: u64, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

/// Returns an error that shows the value.
pub(crate) fn invalid(path: &str, value: &Value, requirement: &str) -> FieldError {
    FieldError::new(path, format!("Invalid value: {}: {requirement}", shown(value)))
}

/// A value in an error: a scalar, cut if it is long, or the type of a list or an object.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 80;
    match value {
        Value::Object(_) => "\"object\"".to_owned(),
        Value::Array(_) => "\"array\"".to_owned(),
        Value::String(text) if text.chars().count() > LONGEST => {
            let start: String = text.chars().take(LONGEST).collect();
            format!("{:?}", start + "...")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn errors(schema: &Value, value: Value) -> Vec<String> {
        let mut value = value;
        let mut errors = Vec::new();
        prepare(schema, &mut value);
        check(schema, "", &value, &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_error_of_a_misspelt_field_names_the_nearest_field() {
        let schema =
            json!({"properties": {"source": {"type": "string"}, "input": {"type": "object"}}});
        assert_eq!(
            errors(&schema, json!({"sorce": "x"})),
            ["sorce: unknown field \"sorce\", did you mean \"source\"?"]
        );
        assert_eq!(errors(&schema, json!({"zzzzzz": 1})), ["zzzzzz: unknown field \"zzzzzz\""]);
    }

    #[test]
    fn a_null_field_is_absent_and_a_null_item_is_refused() {
        let schema = json!({"required": ["c"], "properties": {
            "a": {"type": "integer", "default": 1},
            "b": {"type": "integer"},
            "c": {"type": "integer"},
            "d": {"type": "array", "items": {"type": "integer"}},
        }});
        assert_eq!(
            errors(&schema, json!({"a": null, "b": null, "c": null, "d": [null], "e": null})),
            [
                "c: Required value",
                "d[0]: Invalid value: null: should be a whole number",
                "e: unknown field \"e\""
            ]
        );
    }

    #[test]
    fn whole_floating_numbers_are_integers() {
        let schema = json!({"properties": {"a": {"type": "integer", "maximum": 5}}});
        assert_eq!(errors(&schema, json!({"a": 5.0})), [] as [&str; 0]);
        assert_eq!(
            errors(&schema, json!({"a": 5.5})),
            ["a: Invalid value: 5.5: should be a whole number"]
        );
        assert_eq!(
            errors(&schema, json!({"a": 6.0})),
            ["a: Invalid value: 6: should be less than or equal to 5"]
        );
    }

    #[test]
    fn a_long_value_is_cut_in_its_error() {
        let schema = json!({"type": "string", "maxLength": 3});
        let error = errors(&schema, json!("é".repeat(500))).remove(0);
        assert!(
            error.len() < 300 && error.contains("at most 3 characters long, not 500"),
            "{error}"
        );
    }
}
