//! The OpenAPI 3.1 document. Owns what is said once for all operations; each resource describes its
//! own. Schemas follow from the types that are answered, so they can't differ from them.

use axum::http::StatusCode;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Map, Value, json};
use trends::Kind;

use crate::problem::Body;
use crate::resources;

/// The schemas of a document.
pub(crate) struct Schemas {
    generator: SchemaGenerator,
    named: Map<String, Value>,
}

/// A query parameter.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) schema: Value,
    pub(crate) required: bool,
}

impl Schemas {
    fn new() -> Self {
        // OpenAPI 3.1 takes JSON Schema 2020-12 as it is.
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

    /// A reference to a schema that no type has.
    pub(crate) fn named(&mut self, name: &str, schema: Value) -> Value {
        self.named.insert(name.to_owned(), schema);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// What makes schemas of types.
    pub(crate) fn generator(&mut self) -> &mut SchemaGenerator {
        &mut self.generator
    }

    fn finish(mut self) -> Map<String, Value> {
        self.named.extend(self.generator.take_definitions(true));
        self.named
    }
}

/// The schema of the kinds of terms.
pub(crate) fn kinds(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Kind::ALL.map(Kind::name) })
}

/// The schema of a parameter that names kinds: one, or several with commas between them.
pub(crate) fn several_kinds(schemas: &mut Schemas) -> Value {
    let items = kinds(schemas.generator());
    json!({ "type": "array", "items": items, "minItems": 1, "uniqueItems": true })
}

/// A GET that answers with JSON of this schema, or a problem of one of these statuses or of those that
/// any request may meet.
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
                // Commas between the values; a parameter is given once.
                parameter["explode"] = false.into();
            }
            parameter
        })
        .collect();
    let mut responses = Map::new();
    let headers = json!({
        "ETag": { "description": "What the answer was made of, for If-None-Match", "schema": { "type": "string" } },
        "X-Request-Id": { "description": "The id of the request, its own or a new one", "schema": { "type": "string" } },
    });
    let mut found = json!({
        "description": summary,
        "headers": headers,
        "content": { "application/json": { "schema": answer } },
    });
    if parameters.iter().any(|parameter| parameter["name"] == "cursor") {
        found["headers"]["Link"] = json!({ "description": "The answer that comes next, as rel=\"next\"", "schema": { "type": "string" } });
    }
    responses.insert("200".to_owned(), found);
    responses.insert(
        "304".to_owned(),
        json!({ "description": "Unchanged since the ETag that was given" }),
    );
    for status in problems.iter().chain(&[414, 431, 503]) {
        responses.insert(
            status.to_string(),
            json!({ "$ref": format!("#/components/responses/{status}") }),
        );
    }
    json!({ "operationId": id, "summary": summary, "parameters": parameters, "responses": responses })
}

/// Every status that is a problem, as a response to refer to.
fn problems(schemas: &mut Schemas) -> Value {
    let schema = schemas.of::<Body<'_>>();
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

/// The document, as JSON in lines.
pub fn document() -> String {
    let mut schemas = Schemas::new();
    let paths = resources::all().into_iter().map(|resource| {
        let operation = (resource.operation)(&mut schemas);
        (resource.path.to_owned(), json!({ "get": operation }))
    });
    let paths: Map<String, Value> = paths.collect();
    let responses = problems(&mut schemas);
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "TrendJob",
            "summary": "Trending terms of published results",
            "description": "Every answer is made of one generation of a source. Paths under /api/v1 change only by additions.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "responses": responses, "schemas": schemas.finish() },
    });
    format!("{document:#}\n")
}
