//! JSON schemas of words that answers and parameters share.

use schemars::{Schema, SchemaGenerator, json_schema};
use trends::{Kind, Score};

/// Returns the schema of a kind of terms.
pub fn kinds(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Kind::ALL.map(Kind::name) })
}

/// Returns the schema of a score.
pub fn scores(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Score::ALL.map(Score::name) })
}

pub(crate) fn statuses(_: &mut SchemaGenerator) -> Schema {
    let names = ["insufficientHistory", "trending", "rising", "cooling", "steady"];
    json_schema!({ "type": "string", "enum": names })
}
