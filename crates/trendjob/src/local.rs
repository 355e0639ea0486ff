//! What this version can't do yet. Owns these lists, which shrink; refuses to know the run.

use crate::{FieldError, Kind, Score, TrendJobSpec};

/// What is said about every such field.
pub const UNSUPPORTED: &str = "not supported by this version of trendjob yet";

/// The fields of a valid spec that no run can honour yet.
pub fn unsupported(spec: &TrendJobSpec) -> Vec<FieldError> {
    let analysis = &spec.analysis;
    let fields = [
        ("spec.analysis.kinds", analysis.kinds.contains(&Kind::Phrase)),
        ("spec.analysis.scores", analysis.scores.contains(&Score::Keyness)),
        ("spec.analysis.baseline", analysis.baseline.is_some()),
    ];
    let unsupported = fields.iter().filter(|(_, is_unsupported)| *is_unsupported);
    unsupported.map(|(path, _)| FieldError::new(path, UNSUPPORTED.to_owned())).collect()
}

/// The fields of a valid spec that `trendjob run` can't honour yet. That results go to a folder
/// instead of the sink's MongoDB is no such field.
pub fn unsupported_locally(spec: &TrendJobSpec) -> Vec<FieldError> {
    let mut errors = unsupported(spec);
    if spec.sink.mongodb.store_records {
        let path = "spec.sink.mongodb.storeRecords";
        errors.push(FieldError::new(path, UNSUPPORTED.to_owned()));
    }
    errors
}
