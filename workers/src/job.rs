//! The run's configuration: reads the file and turns it into the pipeline's `Spec`. Refuses a
//! setting that this worker can't follow, rather than ignore it.

use std::fs;
use std::path::Path;

use pipeline::plan::Spec;
use trendjob::{RunConfig, TrendJobSpec};

use crate::ending::Ending;

/// The reason of an attempt whose configuration can't be used.
const INVALID: &str = "InvalidRunConfig";

/// Reads the run's configuration.
pub(crate) fn read(file: &Path) -> Result<RunConfig, Ending> {
    let unusable =
        |error: String| Ending::unusable(INVALID, format!("{}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    RunConfig::from_json(&text).map_err(|error| unusable(error.to_string()))
}

/// Returns the specification of the run. `data` is the folder in which the input volume is mounted.
pub(crate) fn spec(trendjob: &TrendJobSpec, data: &Path) -> Result<Spec, Ending> {
    let spec = request::spec(trendjob);
    let spec = spec.map_err(|error| Ending::unusable(INVALID, error.to_string()))?;
    Ok(Spec { data: Some(data.to_owned()), ..spec })
}
