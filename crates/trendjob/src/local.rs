//! What a run on one machine can't do yet. Owns this list, which shrinks; refuses to know the run.

use crate::{FieldError, Kind, Profile, TrendJobSpec};

/// What is said about every such field.
pub const UNSUPPORTED: &str = "not supported by this version of trendjob run yet";

/// The fields of a valid spec that `trendjob run` can't honour yet. That results go to a folder
/// instead of the sink's MongoDB is no such field.
pub fn unsupported_locally(spec: &TrendJobSpec) -> Vec<FieldError> {
    let analysis = &spec.analysis;
    let mut paths = Vec::new();
    for (index, uri) in spec.input.uris.iter().enumerate() {
        let scheme = uri.split_once("://").map_or("", |(scheme, _)| scheme);
        if ["http", "https"].iter().any(|remote| remote.eq_ignore_ascii_case(scheme)) {
            paths.push(format!("spec.input.uris[{index}]"));
        }
    }
    if analysis.profile == Profile::Social {
        paths.push("spec.analysis.profile".to_owned());
    }
    if analysis.kinds != [Kind::Word] {
        paths.push("spec.analysis.kinds".to_owned());
    }
    if analysis.window.is_some() {
        paths.push("spec.analysis.window".to_owned());
    }
    if spec.sink.mongodb.store_records {
        paths.push("spec.sink.mongodb.storeRecords".to_owned());
    }
    paths.iter().map(|path| FieldError::new(path, UNSUPPORTED.to_owned())).collect()
}
