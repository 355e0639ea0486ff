//! The parameters that name one term.

use questions::{TermQuestion, schema};
use serde_json::json;
use trends::Kind;

use crate::problem::Problem;
use crate::request::Parameters;
use crate::schemas::{Parameter, Schemas};

/// Reads the question of a request, which may have no other parameters.
pub(crate) fn question(parameters: &Parameters<'_>) -> Result<TermQuestion, Problem> {
    parameters.only(&["source", "kind", "term"])?;
    let kind = parameters.kind()?.unwrap_or(Kind::Word);
    let term = parameters.first("term").ok_or_else(|| {
        Problem::bad_request("term is missing: /api/v1/trends lists the highest-ranked ones")
    })?;
    Ok(TermQuestion { kind, term: term.to_owned() })
}

/// The parameters as OpenAPI describes them.
pub(crate) fn described(schemas: &mut Schemas) -> [Parameter; 3] {
    let text = || json!({ "type": "string" });
    let parameter =
        |name, description, schema, required| Parameter { name, description, schema, required };
    let kind = schema::kinds(schemas.generator()).to_value();
    [
        parameter("source", "The name it is published under.", text(), true),
        parameter("kind", "The kind of the term; word by default.", kind, false),
        parameter("term", "The term, in any form.", text(), true),
    ]
}
