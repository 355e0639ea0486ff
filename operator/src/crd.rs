//! The `CustomResourceDefinition` as a file for `kubectl apply`. Owns its form; the content is
//! `trendjob`'s.

/// The first line of the file: its origin.
const HEADER: &str =
    "# Written by `trendjob-operator crd`. Do not edit: change crates/trendjob instead.\n";

/// The definition as YAML.
///
/// # Errors
/// If it can't be written as YAML, which is a defect.
pub fn yaml() -> Result<String, serde_saphyr::ser::Error> {
    Ok(format!("{HEADER}{}", serde_saphyr::to_string(&trendjob::crd())?))
}
