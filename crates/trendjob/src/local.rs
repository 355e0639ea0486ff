//! What this version can't do yet. Owns these lists, which shrink; refuses to know the run.

use crate::{FieldError, TrendJobSpec};

/// What is said about every such field.
pub const UNSUPPORTED: &str = "not supported by this version of trendjob yet";

/// The fields of a valid spec that `trendjob run` can't honour yet. That results go to a folder
/// instead of the sink's MongoDB is no such field.
pub fn unsupported_locally(spec: &TrendJobSpec) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if spec.sink.mongodb.store_records {
        let path = "spec.sink.mongodb.storeRecords";
        errors.push(FieldError::new(path, UNSUPPORTED.to_owned()));
    }
    errors
}
