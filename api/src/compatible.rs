//! `GET /api/trends?source=S&topic=T`: the original's endpoint, to the byte. Owns its JSON: keys
//! sorted, no spaces, everything above ASCII escaped, a newline at the end, counts as strings.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use trends::Kind;

use crate::app::ApiState;
use crate::etag;
use crate::problem::Problem;
use crate::query::Parameters;

const NOT_SHOWN: &str = "The topic you selected was not shown up in the past 7 days";
const MISSING: &str = "Missing required parameter in the query string";

pub(crate) async fn get(
    State(state): State<ApiState>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let (source, topic) = match (parameters.first("source"), parameters.first("topic")) {
        (Some(source), Some(topic)) => (source.to_lowercase(), topic.to_lowercase()),
        (source, topic) => {
            let missing = [("source", source), ("topic", topic)];
            let missing = missing.into_iter().filter(|(_, value)| value.is_none());
            let message: BTreeMap<_, _> = missing.map(|(name, _)| (name, MISSING)).collect();
            let body = format!("{{\"message\":{}}}\n", object(&message));
            let fixed =
                [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
            return Ok((StatusCode::BAD_REQUEST, fixed, body).into_response());
        }
    };
    let published =
        state.current.of(&source).await?.ok_or_else(|| Problem::unknown_source(&source))?;
    let hot = published.ranked(Kind::Word, 0, 1).await?;
    let Some(hot) = hot.first() else { return Err(Problem::no_words(&source)) };
    let user = published.topic(Kind::Word, &topic).await?;

    let hot_count = hot.count.to_string();
    let user_count = user.as_ref().map(|user| user.count.to_string());
    let mut answer =
        BTreeMap::from([("Hot Topic", hot.term.as_str()), ("Hot Topic Trends", &hot_count)]);
    match &user_count {
        Some(count) => {
            answer.insert("User Topic", &topic);
            answer.insert("User Topic Trends", count);
        }
        None => {
            answer.insert("Message", NOT_SHOWN);
        }
    }
    let tag = etag::of(published.generation(), &["compatible", &topic]);
    Ok(etag::answer(&headers, &tag, object(&answer) + "\n"))
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
