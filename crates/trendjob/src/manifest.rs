//! A TrendJob as YAML. Owns the reading of the text and the list of all its errors; knows neither
//! files nor clusters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    FieldError, GROUP, KIND, TrendJobSpec, TrendJobStatus, VERSION, rules, schema, schema_check,
};

/// A TrendJob as a file holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrendJob {
    /// Group and version.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The name and other metadata.
    pub metadata: Metadata,
    /// The spec.
    pub spec: TrendJobSpec,
    /// The status, in a manifest that came from a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TrendJobStatus>,
}

/// The metadata of a TrendJob that is read here; the API server checks the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Its name.
    pub name: String,
    /// Its namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Reads a manifest, fills in defaults and checks it as the API server does. Returns all errors.
pub fn parse_manifest(yaml: &str) -> Result<TrendJob, Vec<FieldError>> {
    let mut value = one_document(yaml).map_err(|error| vec![error])?;
    let errors = identity(&value);
    if !errors.is_empty() {
        return Err(errors);
    }
    drop_empty_metadata(&mut value);
    schema_check::prepare(schema::local(), &mut value);
    let errors = errors_of(&value);
    if !errors.is_empty() {
        return Err(errors);
    }
    serde_json::from_value(value).map_err(|error| vec![FieldError::file(error.to_string())])
}

/// Checks a spec by the schema and rules of manifests, although it was not read from one. Returns
/// all errors.
pub fn check_spec(spec: &TrendJobSpec) -> Vec<FieldError> {
    errors_of(&json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": KIND,
        "metadata": { "name": "spec" },
        "spec": spec,
    }))
}

fn errors_of(value: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    schema_check::check(schema::local(), "", value, &mut errors);
    rules::check(value, &mut errors);
    errors
}

fn one_document(yaml: &str) -> Result<Value, FieldError> {
    // As kubectl reads it: 010 is 8.
    let options = serde_saphyr::options! { with_snippet: false, legacy_octal_numbers: true };
    let documents: Vec<Value> =
        serde_saphyr::from_multiple_with_options(yaml, options).map_err(|error| syntax(&error))?;
    match <[Value; 1]>::try_from(documents) {
        Ok([document]) if document.is_object() => Ok(document),
        Ok(_) => Err(FieldError::file(format!("not a {KIND}: the file must hold an object"))),
        Err(documents) if documents.is_empty() => {
            Err(FieldError::file(format!("the file is empty: it must hold one {KIND}")))
        }
        Err(documents) => Err(FieldError::file(format!(
            "the file holds {} documents: it must hold one {KIND}",
            documents.len()
        ))),
    }
}

/// A syntax error; the parser ends its messages with the line and column.
fn syntax(error: &serde_saphyr::Error) -> FieldError {
    let message =
        error.without_snippet().render_with_formatter(&serde_saphyr::UserMessageFormatter);
    FieldError::file(format!("not valid YAML: {message}"))
}

/// Checks `apiVersion` and `kind`. If they are wrong, nothing else is checked: the fields of
/// another kind mean something else.
fn identity(value: &Value) -> Vec<FieldError> {
    let wanted = [("apiVersion", format!("{GROUP}/{VERSION}")), ("kind", KIND.to_owned())];
    let wrong = wanted.into_iter().filter_map(|(field, wanted)| match value.get(field) {
        Some(Value::String(found)) if *found == wanted => None,
        Some(Value::Null) | None => {
            Some(FieldError::new(field, format!("Required value: {wanted}")))
        }
        Some(found) => Some(schema_check::invalid(field, found, &format!("should be {wanted}"))),
    });
    wrong.collect()
}

/// Removes metadata fields without a value, such as `labels:`: the API server ignores them.
fn drop_empty_metadata(value: &mut Value) {
    if let Some(Value::Object(fields)) = value.get_mut("metadata") {
        fields.retain(|_, field| !field.is_null());
    }
}
