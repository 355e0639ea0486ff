//! The fields that `trendjob run` can't follow yet. Owns this list, which shrinks; doesn't know how
//! a run works.

use crate::{FieldError, TrendJobSpec};

/// The message about every such field.
pub const UNSUPPORTED: &str = "not supported by this version of trendjob yet";

/// Returns the fields of a valid spec that `trendjob run` can't follow yet. The sink is none of
/// them: a local run writes to a folder instead of MongoDB by design.
pub fn unsupported_locally(spec: &TrendJobSpec) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if spec.sink.mongodb.store_records {
        let path = "spec.sink.mongodb.storeRecords";
        errors.push(FieldError::new(path, UNSUPPORTED.to_owned()));
    }
    errors
}
