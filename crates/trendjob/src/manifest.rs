//! A TrendJob as it is written in a file. Owns reading it and saying everything that is wrong with
//! it at once; refuses to know files and clusters.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{GROUP, KIND, TrendJobSpec, TrendJobStatus, VERSION, rules, schema, schema_check};

/// A TrendJob as it is written in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrendJob {
    /// Group and version.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// What it is called.
    pub metadata: Metadata,
    /// What is asked for.
    pub spec: TrendJobSpec,
    /// How far it is, in a manifest that came from a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TrendJobStatus>,
}

/// What a TrendJob is called; other metadata is left to the API server.
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

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldError {
    /// The field, such as `spec.input.uris[2]`; empty when it is the whole file.
    pub path: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl FieldError {
    pub(crate) fn new(path: &str, message: String) -> Self {
        Self { path: path.to_owned(), message }
    }

    fn file(message: String) -> Self {
        Self { path: String::new(), message }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl std::error::Error for FieldError {}

/// Reads a manifest, fills in defaults and checks it as the API server would; every error at once.
pub fn parse_manifest(yaml: &str) -> Result<TrendJob, Vec<FieldError>> {
    let mut value = one_document(yaml).map_err(|error| vec![error])?;
    let errors = identity(&value);
    if !errors.is_empty() {
        return Err(errors);
    }
    drop_empty_metadata(&mut value);
    schema_check::prepare(schema::local(), &mut value);
    let mut errors = Vec::new();
    schema_check::check(schema::local(), "", &value, &mut errors);
    rules::check(&value, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    serde_json::from_value(value).map_err(|error| vec![FieldError::file(error.to_string())])
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

/// The parser ends its messages with the line and column.
fn syntax(error: &serde_saphyr::Error) -> FieldError {
    let message =
        error.without_snippet().render_with_formatter(&serde_saphyr::UserMessageFormatter);
    FieldError::file(format!("not valid YAML: {message}"))
}

/// Says what is wrong with `apiVersion` and `kind`: of another kind nothing else is judged.
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

/// Empty metadata fields, as `labels:` without a value, are absent to the API server.
fn drop_empty_metadata(value: &mut Value) {
    if let Some(Value::Object(fields)) = value.get_mut("metadata") {
        fields.retain(|_, field| !field.is_null());
    }
}
