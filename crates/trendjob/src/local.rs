//! The fields that `trendjob run` doesn't support yet. Owns this list only; doesn't know how a run
//! works.

use crate::{FieldError, TrendJobSpec};

/// Returns an error for each field of a valid spec that `trendjob run` doesn't support yet. The
/// sink gets no error: a local run writes to a folder instead of MongoDB by design.
pub fn unsupported_locally(spec: &TrendJobSpec) -> Vec<FieldError> {
    let message = "not supported by this version of trendjob yet";
    let error = || FieldError::new("spec.sink.mongodb.storeRecords", message.to_owned());
    spec.sink.mongodb.store_records.then(error).into_iter().collect()
}
