//! The run's configuration as the pipeline's words. Owns the reading of the file and that what this
//! worker can't do is refused, never ignored.

use std::fs;
use std::path::Path;

use pipeline::plan::Spec;
use trendjob::{RunConfig, TrendJobSpec};

use crate::ending::Ending;

/// What the reason is called when a configuration can't be followed.
const INVALID: &str = "InvalidRunConfig";

/// Reads the configuration.
pub(crate) fn read(file: &Path) -> Result<RunConfig, Ending> {
    let unusable = |what: String| Ending::unusable(INVALID, format!("{}: {what}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    RunConfig::from_json(&text).map_err(|error| unusable(error.to_string()))
}

/// What is to be planned. `data` is where the input volume is mounted.
pub(crate) fn spec(job: &TrendJobSpec, data: &Path) -> Result<Spec, Ending> {
    let asked = request::spec(job);
    let asked = asked.map_err(|error| Ending::unusable(INVALID, error.to_string()))?;
    Ok(Spec { data: Some(data.to_owned()), ..asked })
}
