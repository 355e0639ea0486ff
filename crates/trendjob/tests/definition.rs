//! The definition of the custom resource: it has every rule and stays small.
#![cfg(feature = "crd")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use serde_json::Value;
use trendjob::{crd, rules, transition};

fn rules_in(schema: &Value, found: &mut Vec<(String, String)>) {
    match schema {
        Value::Object(fields) => {
            for rule in fields
                .get("x-kubernetes-validations")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let text = |key: &str| rule[key].as_str().unwrap().to_owned();
                found.push((text("rule"), text("message")));
            }
            fields.values().for_each(|inner| rules_in(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| rules_in(inner, found)),
        _ => {}
    }
}

fn definition_rules() -> Vec<(String, String)> {
    let mut found = Vec::new();
    rules_in(&serde_json::to_value(crd()).unwrap(), &mut found);
    found
}

#[test]
fn the_definition_has_every_rule_with_its_message() {
    let found = definition_rules();
    for rule in rules::RULES {
        let entry = (rule.cel.to_owned(), rule.message.to_owned());
        assert!(found.contains(&entry), "{}{} is missing", rule.at, rule.field);
    }
}

#[test]
fn only_suspend_parallelism_deadlines_and_deletion_may_change() {
    let found = definition_rules();
    let definition = serde_json::to_value(crd()).unwrap();
    let spec =
        &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let free: Vec<&str> = spec["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .filter(|field| match transition(field) {
            Some(cel) => {
                assert!(found.iter().any(|(rule, _)| *rule == cel), "{field}");
                assert!(cel.contains(&format!("has(self.{field}) == has(oldSelf.{field})")));
                false
            }
            None => true,
        })
        .collect();
    assert_eq!(
        free,
        ["activeDeadlineSeconds", "deletionPolicy", "suspend", "ttlSecondsAfterFinished"]
    );
}

#[test]
fn the_definition_is_under_200_kb() {
    let size = serde_json::to_string_pretty(&crd()).unwrap().len();
    assert!(size < 200_000, "{size}");
}

#[test]
fn the_definition_has_its_names_and_columns() {
    let spec = crd().spec;
    assert_eq!((spec.group.as_str(), spec.scope.as_str()), ("trendjob.dev", "Namespaced"));
    assert_eq!(spec.names.plural, "trendjobs");
    assert_eq!(spec.names.short_names, Some(vec!["tj".to_owned()]));
    assert_eq!(spec.names.categories, Some(vec!["trends".to_owned()]));
    let version = &spec.versions[0];
    assert!(version.name == "v1alpha1" && version.served && version.storage);
    assert!(version.subresources.as_ref().is_some_and(|sub| sub.status.is_some()));
    let columns: Vec<&str> =
        version.additional_printer_columns.iter().flatten().map(|c| c.name.as_str()).collect();
    assert_eq!(columns, ["Stage", "Shards", "Failed", "Complete", "Suspended", "Age"]);
}

/// Turns limits into floating-point numbers, as a definition has them.
fn with_floating_limits(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_f64().filter(|_| ["minimum", "maximum"].contains(&name.as_str())) {
                    Some(limit) => *value = limit.into(),
                    None => with_floating_limits(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(with_floating_limits),
        _ => {}
    }
}

#[test]
fn the_definition_has_the_schema_that_manifests_are_checked_against() {
    let definition = serde_json::to_value(crd()).unwrap();
    let mut schema = trendjob::structural();
    with_floating_limits(&mut schema);
    assert_eq!(definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"], schema);
}
