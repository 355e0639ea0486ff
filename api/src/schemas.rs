//! The parts of the OpenAPI 3.1 document that all operations share; each resource describes its own
//! operations. Schemas are made from the types of the answers, so they can't differ from them.

use axum::http::StatusCode;
use questions::schema;
use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::problem::ProblemBody;
use crate::request::{DEFAULT_LIMIT, MAX_LIMIT};

/// The schemas of the document.
pub(crate) struct Schemas {
    generator: SchemaGenerator,
    named: Map<String, Value>,
}

/// A query parameter.
pub(crate) struct Parameter {
    name: &'static str,
    description: &'static str,
    schema: Value,
    required: bool,
}

impl Parameter {
    /// An optional parameter.
    pub(crate) fn new(name: &'static str, description: &'static str, schema: Value) -> Self {
        Self { name, description, schema, required: false }
    }

    /// An optional text.
    pub(crate) fn text(name: &'static str, description: &'static str) -> Self {
        Self::new(name, description, json!({ "type": "string" }))
    }

    /// The parameter of one kind, or of several separated by commas.
    pub(crate) fn kinds(schemas: &mut Schemas, description: &'static str) -> Self {
        let items = schema::kinds(schemas.generator());
        let schema = json!({ "type": "array", "items": items, "minItems": 1, "uniqueItems": true });
        Self::new("kind", description, schema)
    }

    /// The parameter that [`crate::request::Parameters::limit`] reads.
    pub(crate) fn limit() -> Self {
        let schema = json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT });
        Self::new("limit", "The most topics of the answer.", schema)
    }

    /// This parameter as a required one.
    pub(crate) fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

impl Schemas {
    pub(crate) fn new() -> Self {
        // OpenAPI 3.1 uses JSON Schema 2020-12.
        let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self { generator: settings.into_generator(), named: Map::new() }
    }

    /// A reference to the schema of a type.
    pub(crate) fn of<T: JsonSchema>(&mut self) -> Value {
        self.generator.subschema_for::<T>().to_value()
    }

    /// A reference to a schema that is written by hand.
    pub(crate) fn named(&mut self, name: &str, schema: Value) -> Value {
        self.named.insert(name.to_owned(), schema);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// The generator, for schemas without a name.
    pub(crate) fn generator(&mut self) -> &mut SchemaGenerator {
        &mut self.generator
    }

    /// All schemas, by name.
    pub(crate) fn finish(mut self) -> Map<String, Value> {
        self.named.extend(self.generator.take_definitions(true));
        self.named
    }
}

/// A GET that answers with JSON of this schema, or with a problem. `problems` are the statuses of
/// its problems, beside those of any request: 414, 431 and 503.
pub(crate) fn operation(
    id: &str,
    summary: &str,
    parameters: &[Parameter],
    answer: &Value,
    problems: &[u16],
) -> Value {
    let parameters: Vec<Value> = parameters
        .iter()
        .map(|Parameter { name, description, schema, required }| {
            let mut parameter = json!({ "name": name, "in": "query", "description": description, "required": required, "schema": schema });
            if schema["type"] == "array" {
                // The values are separated by commas; a parameter is given once.
                parameter["explode"] = false.into();
            }
            parameter
        })
        .collect();
    let mut responses = Map::new();
    let headers = json!({
        "ETag": { "description": "The tag of the answer, for If-None-Match", "schema": { "type": "string" } },
        "X-Request-Id": { "description": "The id of the request, given or new", "schema": { "type": "string" } },
    });
    let mut found = json!({
        "description": summary,
        "headers": headers,
        "content": { "application/json": { "schema": answer } },
    });
    if parameters.iter().any(|parameter| parameter["name"] == "cursor") {
        found["headers"]["Link"] = json!({ "description": "The next page, as rel=\"next\"", "schema": { "type": "string" } });
    }
    responses.insert("200".to_owned(), found);
    responses.insert("304".to_owned(), json!({ "description": "Unchanged since the given ETag" }));
    for status in problems.iter().chain(&[414, 431, 503]) {
        let response = json!({ "$ref": format!("#/components/responses/{status}") });
        responses.insert(status.to_string(), response);
    }
    json!({ "operationId": id, "summary": summary, "parameters": parameters, "responses": responses })
}

/// The responses with a problem, by status. Operations refer to them.
pub(crate) fn problems(schemas: &mut Schemas) -> Value {
    let schema = schemas.of::<ProblemBody<'_>>();
    let statuses = [400, 404, 410, 414, 431, 500, 503].into_iter().filter_map(|status| {
        let name = StatusCode::from_u16(status).ok()?.canonical_reason()?;
        let mut response = json!({
            "description": name,
            "content": { "application/problem+json": { "schema": schema } },
        });
        if status == 503 {
            response["headers"] = json!({ "Retry-After": { "description": "Seconds to wait", "schema": { "type": "integer" } } });
        }
        Some((status.to_string(), response))
    });
    statuses.collect::<Map<_, _>>().into()
}
