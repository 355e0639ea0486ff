//! `GET /api/trends?source=S&topic=T`: the original's endpoint, to the byte. Owns its JSON: keys
//! sorted, no spaces, everything above ASCII escaped, a newline at the end, counts as strings.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};
use store::View;
use trends::Kind;

use super::Resource;
use crate::answer::{Answer, etag};
use crate::app::ApiState;
use crate::openapi::{Parameter, Schemas, operation};
use crate::problem::Problem;
use crate::query::Question;

pub(super) const RESOURCE: Resource = Resource {
    path: "/api/trends",
    methods: || get(compatible),
    operation: described,
    example: "?source=SOURCE&topic=TOPIC",
};

const NOT_SHOWN: &str = "The topic you selected was not shown up in the past 7 days";
const MISSING: &str = "Missing required parameter in the query string";

async fn compatible(
    State(ApiState(state)): State<ApiState>,
    question: Question,
) -> Result<Response, Problem> {
    let parameters = question.parameters()?;
    let (source, topic) = match (parameters.first("source"), parameters.first("topic")) {
        (Some(source), Some(topic)) => (source.to_lowercase(), topic.to_lowercase()),
        (source, topic) => return Ok(missing(&[("source", source), ("topic", topic)])),
    };
    let published =
        state.current.of(&source).await?.ok_or_else(|| Problem::unknown_source(&source))?;
    let results = std::slice::from_ref(&published);
    state
        .answers
        .answer(&question, results, async || answer(&published, &source, &topic).await)
        .await
}

async fn answer(published: &View, source: &str, topic: &str) -> Result<Answer, Problem> {
    let hot = published.ranked(Kind::Word, 0, 1).await?;
    let Some(hot) = hot.first() else { return Err(Problem::no_words(source)) };
    let user = published.topic(Kind::Word, topic).await?;

    let hot_count = hot.count.to_string();
    let user_count = user.as_ref().map(|user| user.count.to_string());
    let mut answer =
        BTreeMap::from([("Hot Topic", hot.term.as_str()), ("Hot Topic Trends", &hot_count)]);
    match &user_count {
        Some(count) => {
            answer.insert("User Topic", topic);
            answer.insert("User Topic Trends", count);
        }
        None => {
            answer.insert("Message", NOT_SHOWN);
        }
    }
    let tag = etag::of(published, &["compatible", topic]);
    Ok(Answer::new(tag, object(&answer) + "\n"))
}

/// That parameters are missing, as the original says it.
fn missing(parameters: &[(&'static str, Option<&str>)]) -> Response {
    let missing = parameters.iter().filter(|(_, value)| value.is_none());
    let message: BTreeMap<_, _> = missing.map(|(name, _)| (*name, MISSING)).collect();
    let body = format!("{{\"message\":{}}}\n", object(&message));
    let fixed = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    (StatusCode::BAD_REQUEST, fixed, body).into_response()
}

fn described(schemas: &mut Schemas) -> Value {
    let text = |name, description| Parameter {
        name,
        description,
        schema: json!({ "type": "string" }),
        required: true,
    };
    let parameters = [
        text("source", "The name it is published under, in any case."),
        text("topic", "A word, in any case."),
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
        "The hottest word and one of your own, as the original program answered",
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

/// A JSON object as Python writes it with `separators=(",", ":")` and `sort_keys=True`.
fn object(fields: &BTreeMap<&str, &str>) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(key, value)| format!("{}:{}", string(key), string(value))).collect();
    format!("{{{}}}", fields.join(","))
}

fn string(text: &str) -> String {
    let mut json = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            ' '..='~' => json.push(character),
            _ => {
                let mut buffer = [0; 2];
                for unit in character.encode_utf16(&mut buffer) {
                    json.extend(format!("\\u{unit:04x}").chars());
                }
            }
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_python_escapes_them() {
        assert_eq!(string("a\"\\/\n\u{1}\u{7f}é😀"), r#""a\"\\/\n\u0001\u007f\u00e9\ud83d\ude00""#);
    }
}
