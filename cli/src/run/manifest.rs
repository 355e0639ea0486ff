//! The manifest of a local run. Owns the reading of the file; refuses a field that a local run
//! doesn't support instead of ignoring it.

use std::fs;
use std::path::Path;

use trendjob::{FieldError, TrendJobSpec};

use crate::failure::Failure;

/// Reads a manifest's text.
pub(crate) fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| {
        Failure::permanent("InvalidManifest", format!("reading {}: {error}", file.display()))
    })
}

/// The failure of an invalid manifest, with all its errors.
pub(crate) fn invalid(file: &Path, errors: &[FieldError]) -> Failure {
    let errors: Vec<String> = errors.iter().map(|error| format!("\n  {error}")).collect();
    Failure::permanent(
        "InvalidManifest",
        format!("{} is not a valid TrendJob:{}", file.display(), errors.concat()),
    )
}

/// Reads and checks the spec of a manifest.
pub(super) fn spec(file: &Path) -> Result<TrendJobSpec, Failure> {
    let trendjob =
        trendjob::parse_manifest(&read(file)?).map_err(|errors| invalid(file, &errors))?;
    let unsupported = trendjob::unsupported_locally(&trendjob.spec);
    if !unsupported.is_empty() {
        return Err(invalid(file, &unsupported));
    }
    Ok(trendjob.spec)
}
