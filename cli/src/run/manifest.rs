//! A TrendJob manifest as a job of one machine. Owns what of it means nothing here and is left out,
//! and that what can't be done here is refused, never ignored.

use std::fs;
use std::path::Path;

use pipeline::input::Identity;
use pipeline::plan::Spec;
use store::retention::Retention;
use trendjob::FieldError;

use crate::failure::Failure;

/// Reads a manifest's text.
pub(crate) fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| {
        Failure::permanent("InvalidManifest", format!("reading {}: {error}", file.display()))
    })
}

/// Says what is wrong with a manifest.
pub(crate) fn invalid(file: &Path, errors: &[FieldError]) -> Failure {
    let errors: Vec<String> = errors.iter().map(|error| format!("\n  {error}")).collect();
    Failure::permanent(
        "InvalidManifest",
        format!("{} is no valid TrendJob:{}", file.display(), errors.concat()),
    )
}

/// What a manifest asks for.
pub(super) fn job(file: &Path) -> Result<(Spec, Retention), Failure> {
    let job = trendjob::parse_manifest(&read(file)?).map_err(|errors| invalid(file, &errors))?;
    let unsupported = trendjob::unsupported_locally(&job.spec);
    if !unsupported.is_empty() {
        return Err(invalid(file, &unsupported));
    }
    let spec = request::spec(&job.spec).map_err(|error| Failure::usage(error.to_string()))?;
    // Whatever is mounted in pods: a file of this machine has one time.
    let spec = Spec { identity: Identity::Modified, ..spec };
    Ok((spec, request::retention(&job.spec)))
}
