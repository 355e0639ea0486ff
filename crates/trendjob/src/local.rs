//! The fields that `trendjob run` can't follow yet. Owns this list, which shrinks; doesn't know how
//! a run works.

use crate::{FieldError, TrendJobSpec};

/// Returns the fields of a valid spec that `trendjob run` can't follow yet. The sink is none of
/// them: a local run writes to a folder instead of MongoDB by design.
pub fn unsupported_locally(spec: &TrendJobSpec) -> Vec<FieldError> {
    let message = "not supported by this version of trendjob yet";
    let error = || FieldError::new("spec.sink.mongodb.storeRecords", message.to_owned());
    spec.sink.mongodb.store_records.then(error).into_iter().collect()
}
