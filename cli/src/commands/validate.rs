//! `trendjob validate FILE`: checks a manifest as the Kubernetes API server does.

use crate::args::ValidateArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::run::manifest;

/// Prints the verdict.
pub(crate) fn validate(args: &ValidateArgs, output: Output) -> Result<(), Failure> {
    let yaml = manifest::read(&args.file)?;
    let verdict = trendjob::parse_manifest(&yaml);
    if output.is_json() {
        let errors = verdict.as_ref().err().map_or(&[][..], Vec::as_slice);
        let errors: Vec<_> = errors
            .iter()
            .map(|error| serde_json::json!({ "path": error.path, "message": error.message }))
            .collect();
        let file = args.file.display().to_string();
        let valid = verdict.is_ok();
        Output::json(&serde_json::json!({ "file": file, "valid": valid, "errors": errors }))?;
    } else if verdict.is_ok() {
        Output::print(&format!("{} is valid\n", args.file.display()))?;
    }
    verdict.map(drop).map_err(|errors| manifest::invalid(&args.file, &errors))
}
