//! docs/trendjob.md, written from the schema: a section for each object with a row for each field.
//! `UPDATE=1 cargo test -p trendjob --test documentation` writes it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{collections::BTreeMap, env, fmt::Write as _, fs};

use serde_json::Value;
use trendjob::structural;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/trendjob.md");

const HEAD: &str = "\
<!-- Written from the schema by the tests of crates/trendjob. Do not edit. -->

# Fields of a TrendJob

A manifest needs `apiVersion`, `kind`, `metadata.name`, `spec.source` and `spec.input.uris`, and with
preset `Custom` also `spec.input.record.text`; every other field has a default or may be absent. The
name must start with a-z, hold only a-z, 0-9 and -, not end in -, and have at most 40 characters.
`trendjob validate FILE` checks a manifest as the API server does. `kubectl explain trendjob.spec`
shows the same descriptions.

A size is a number of bytes, written as 65536, 64Ki, 64KiB, 64M or 64MB. A duration is written as
30s, 10m, 1h or 7d.
";

/// The page: the sections of the spec, then those of the status.
fn page() -> String {
    let schema = structural();
    let mut page = HEAD.to_owned();
    // The sections by their content: the pods of three stages have the same fields.
    let mut sections = BTreeMap::new();
    for root in ["spec", "status"] {
        section(root, &schema["properties"][root], &mut page, &mut sections);
    }
    page
}

fn section(
    place: &str,
    schema: &Value,
    page: &mut String,
    sections: &mut BTreeMap<String, String>,
) {
    let level = if place.contains('.') { "###" } else { "##" };
    let text = description(schema);
    write!(page, "\n{level} {place}\n\n{text}\n\n").unwrap();
    page.push_str("| field | type | default | limits | description |\n|---|---|---|---|---|\n");
    let mut below = Vec::new();
    for (name, field) in properties(schema) {
        let place = format!("{place}.{name}");
        let object = inner(&place, field);
        let mut text = description(field);
        if let Some((place, fields)) = object {
            let content = serde_json::to_string(&fields["properties"]).unwrap();
            let known = sections.entry(content).or_insert_with(|| {
                below.push((place.clone(), fields));
                place
            });
            let anchor: String = known.chars().filter(char::is_ascii_alphanumeric).collect();
            write!(text, " See [{known}](#{}).", anchor.to_lowercase()).unwrap();
        }
        let required =
            schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
        writeln!(
            page,
            "| `{name}` | {}{} | {} | {} | {} |",
            type_of(field),
            if required { ", required" } else { "" },
            default(field),
            cell(&limits(schema, name, field)),
            cell(&text),
        )
        .unwrap();
    }
    for (place, fields) in below {
        section(&place, fields, page, sections);
    }
}

/// The object inside a field, with its place: the field itself or the items of a list.
fn inner<'a>(place: &str, field: &'a Value) -> Option<(String, &'a Value)> {
    let items = &field["items"];
    if field["properties"].is_object() {
        Some((place.to_owned(), field))
    } else {
        items["properties"].is_object().then(|| (format!("{place}[]"), items))
    }
}

/// The fields of an object by name. `serde_json` sorts them only without `preserve_order`, which other
/// crates of a build may turn on.
fn properties(schema: &Value) -> BTreeMap<&str, &Value> {
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields.map(|(name, field)| (name.as_str(), field)).collect()
}

#[track_caller]
fn description(schema: &Value) -> String {
    schema["description"].as_str().unwrap().to_owned()
}

fn type_of(field: &Value) -> String {
    match field["type"].as_str() {
        Some("array") => format!("list of {}", plural(&type_of(&field["items"]))),
        Some("object") if field["additionalProperties"].is_object() => "map of texts".to_owned(),
        Some("string") if field["format"] == "date-time" => "time".to_owned(),
        Some("string") if field["pattern"].as_str().is_some_and(|p| p.contains("[smhd]")) => {
            "duration".to_owned()
        }
        Some("string") => "text".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some(other) => other.to_owned(),
        None => "size".to_owned(),
    }
}

fn plural(noun: &str) -> String {
    format!("{noun}s")
}

/// The default of a field. The defaults of an object's fields are in the object's section.
fn default(field: &Value) -> String {
    match &field["default"] {
        Value::Null | Value::Object(_) => String::new(),
        Value::String(text) if text.is_empty() => String::new(),
        Value::String(text) => format!("`{text}`"),
        Value::Array(items) => {
            let items: Vec<&str> = items.iter().map(|item| item.as_str().unwrap()).collect();
            format!("`[{}]`", items.join(", "))
        }
        other => format!("`{other}`"),
    }
}

/// The limits of a field: those of its schema, and the messages of its rules.
fn limits(schema: &Value, name: &str, field: &Value) -> String {
    let mut limits = limits_of(field);
    if let Some(items) = field.get("items") {
        let of_items = limits_of(items);
        limits.extend((!of_items.is_empty()).then(|| format!("each: {}", of_items.join("; "))));
    }
    let own = rules(field).chain(rules(&field["items"])).filter(|rule| rule["fieldPath"].is_null());
    let path = format!(".{name}");
    let of_object = rules(schema).filter(|rule| rule["fieldPath"] == path);
    let messages = own.chain(of_object).map(|rule| rule["message"].as_str().unwrap().to_owned());
    limits.extend(messages);
    limits.join("; ")
}

fn limits_of(schema: &Value) -> Vec<String> {
    let mut limits = Vec::new();
    if let Some(names) = schema["enum"].as_array() {
        let names: Vec<String> =
            names.iter().map(|name| format!("`{}`", name.as_str().unwrap())).collect();
        limits.push(names.join(", "));
    }
    // An integer of 64 bits has no limits of its own.
    limits.extend(range(schema, "minimum", "maximum", ""));
    limits.extend(range(schema, "minItems", "maxItems", " items"));
    limits.extend(range(schema, "minProperties", "maxProperties", " entries"));
    let is_free = schema["enum"].is_null() && schema["pattern"].as_str() != Some(SIZE);
    if is_free && type_of(schema) != "duration" {
        limits.extend(range(schema, "minLength", "maxLength", " characters"));
        limits.extend(schema["pattern"].as_str().map(|pattern| format!("`{pattern}`")));
    }
    limits
}

/// The pattern of a size, which the head of the page explains.
const SIZE: &str = "^[0-9]{1,15}([KMGT]i?B?)?$";

fn range(schema: &Value, min: &str, max: &str, unit: &str) -> Option<String> {
    let limit = |key: &str| schema[key].as_i64().map(grouped);
    match (limit(min), limit(max)) {
        (Some(min), Some(max)) => Some(format!("{min} to {max}{unit}")),
        (Some(min), None) => Some(format!("at least {min}{unit}")),
        (None, Some(max)) => Some(format!("at most {max}{unit}")),
        (None, None) => None,
    }
}

/// A number in groups of three digits.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap()).collect();
    format!("{}{}", if number < 0 { "-" } else { "" }, groups.join(","))
}

fn rules(schema: &Value) -> impl Iterator<Item = &Value> {
    schema["x-kubernetes-validations"].as_array().into_iter().flatten()
}

/// The text of a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_page_about_the_fields_is_fresh() {
    let page = page();
    if env::var_os("UPDATE").is_some() {
        fs::write(PATH, &page).unwrap();
    }
    let found = fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        found == page,
        "docs/trendjob.md is not fresh: UPDATE=1 cargo test -p trendjob --test documentation writes it"
    );
}

#[test]
fn the_page_has_a_row_for_every_field() {
    fn check(schema: &Value, page: &str) {
        for (name, field) in properties(schema) {
            assert!(page.contains(&format!("\n| `{name}` | ")), "{name}");
            if let Some((_, fields)) = inner("", field) {
                check(fields, page);
            }
        }
    }
    for root in ["spec", "status"] {
        check(&structural()["properties"][root], &page());
    }
}
