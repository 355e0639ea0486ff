//! `GET /api/trends?source=S&topic=T`: the endpoint of the original program, to the byte. Owns its
//! JSON: keys sorted, no spaces, everything but printable ASCII escaped, a newline at the end,
//! counts as strings.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};
use store::View;
use trends::Kind;

use super::{Reply, Resource, SharedState};
use crate::problem::Problem;
use crate::request::RequestHead;
use crate::response::Content;
use crate::schemas::{Parameter, Schemas, operation};

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/trends",
    methods: || get(compatible),
    operation: described,
    example: "?source=SOURCE&topic=TOPIC",
};

const NOT_SHOWN: &str = "The topic you selected was not shown up in the past 7 days";
const MISSING: &str = "Missing required parameter in the query string";

async fn compatible(state: SharedState, request: RequestHead) -> Reply {
    let parameters = request.parameters()?;
    let (source, topic) = match (parameters.first("source"), parameters.first("topic")) {
        (Some(source), Some(topic)) => (source.to_lowercase(), topic.to_lowercase()),
        (source, topic) => return Ok(missing(&[("source", source), ("topic", topic)])),
    };
    let (source, topic) = (&*source, &*topic);
    let make = |view: Arc<View>| async move { content(&view, source, topic).await };
    state.respond(&request, source, make).await
}

async fn content(view: &View, source: &str, topic: &str) -> Result<Content, Problem> {
    let hottest = view.ranked(Kind::Word, 0, 1).await?;
    let Some(hottest) = hottest.first() else { return Err(Problem::no_words(source)) };
    let user = view.topic(Kind::Word, topic).await?;

    let hot_count = hottest.count.to_string();
    let user_count = user.as_ref().map(|user| user.count.to_string());
    let mut answer =
        BTreeMap::from([("Hot Topic", hottest.term.as_str()), ("Hot Topic Trends", &hot_count)]);
    match &user_count {
        Some(count) => {
            answer.insert("User Topic", topic);
            answer.insert("User Topic Trends", count);
        }
        None => {
            answer.insert("Message", NOT_SHOWN);
        }
    }
    Ok(Content::new(ascii(&json!(answer))))
}

/// The original's answer to a request that lacks parameters.
fn missing(parameters: &[(&'static str, Option<&str>)]) -> Response {
    let missing = parameters.iter().filter(|(_, value)| value.is_none());
    let message: BTreeMap<_, _> = missing.map(|(name, _)| (*name, MISSING)).collect();
    let body = ascii(&json!({ "message": message }));
    let fixed = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    (StatusCode::BAD_REQUEST, fixed, body).into_response()
}

fn described(schemas: &mut Schemas) -> Value {
    let parameters = [
        Parameter::text("source", "The name of the source, in upper or lower case.").required(),
        Parameter::text("topic", "A word, in upper or lower case.").required(),
    ];
    let string = json!({ "type": "string" });
    let answer = json!({
        "type": "object",
        "required": ["Hot Topic", "Hot Topic Trends"],
        "properties": {
            "Hot Topic": string, "Hot Topic Trends": string,
            "User Topic": string, "User Topic Trends": string, "Message": string,
        },
        "additionalProperties": false,
    });
    let mut operation = operation(
        "compatible",
        "The hottest word and another word, as the original program answers",
        &parameters,
        &schemas.named("Compatible", answer),
        &[404, 500],
    );
    let parameter = json!({ "type": "string", "const": MISSING });
    let refused = json!({
        "type": "object",
        "required": ["message"],
        "properties": { "message": {
            "type": "object",
            "properties": { "source": parameter, "topic": parameter },
            "additionalProperties": false,
        } },
        "additionalProperties": false,
    });
    operation["responses"]["400"] = json!({
        "description": "A parameter is missing",
        "content": { "application/json": { "schema": schemas.named("CompatibleMissing", refused) } },
    });
    operation
}

/// Returns a line of JSON as Python writes it with `separators=(",", ":")`: everything but
/// printable ASCII is escaped.
fn ascii(json: &Value) -> String {
    let mut line = String::new();
    for character in json.to_string().chars() {
        if matches!(character, ' '..='~') {
            line.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                line.extend(format!("\\u{unit:04x}").chars());
            }
        }
    }
    line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_python_escapes_them() {
        let escaped = ascii(&json!("a\"\\/\n\u{1}\u{7f}é😀"));
        assert_eq!(escaped.trim(), r#""a\"\\/\n\u0001\u007f\u00e9\ud83d\ude00""#);
    }
}
