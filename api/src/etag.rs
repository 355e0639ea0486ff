//! Entity tags: what an answer is made of, so that an unchanged one need not be sent again.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use store::Generation;

use crate::problem::Problem;

/// Raised when the same question to the same generation gets another answer than before.
const ANSWER_FORMAT: u32 = 1;

const JSON: &str = "application/json";

/// The tag of an answer from one generation: which, the question, and the format of answers.
pub(crate) fn of(generation: &Generation, question: &[&str]) -> String {
    let parts = [generation.source.as_str(), generation.run.as_str()];
    let hash = hash(parts.into_iter().chain(question.iter().copied()));
    format!("\"{}-{hash:016x}-{ANSWER_FORMAT}\"", generation.generation)
}

/// The tag of an answer from the newest generations of all sources.
pub(crate) fn of_all<'a>(generations: impl Iterator<Item = &'a Generation>) -> String {
    let tags: Vec<String> = generations.map(|generation| of(generation, &[])).collect();
    let hash = hash(tags.iter().map(String::as_str));
    format!("\"all-{hash:016x}-{ANSWER_FORMAT}\"")
}

/// FNV-1a: a tag need not withstand malice, only tell questions apart within one generation.
fn hash<'a>(parts: impl Iterator<Item = &'a str>) -> u64 {
    // 0xFF is in no text.
    let bytes = parts.flat_map(|part| part.bytes().chain([0xFF]));
    bytes.fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// The answer, or only that it is unchanged.
pub(crate) fn answer(headers: &HeaderMap, tag: &str, body: String) -> Response {
    let fixed = [(header::ETAG, tag), (header::CACHE_CONTROL, "no-cache")];
    if is_known(headers, tag) {
        (StatusCode::NOT_MODIFIED, fixed).into_response()
    } else {
        (fixed, [(header::CONTENT_TYPE, JSON)], body).into_response()
    }
}

/// The same of a value, as one line of JSON.
pub(crate) fn answer_json(
    headers: &HeaderMap,
    tag: &str,
    value: &impl Serialize,
) -> Result<Response, Problem> {
    let body = serde_json::to_string(value).map_err(|error| Problem::internal(&error))?;
    Ok(answer(headers, tag, body + "\n"))
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).any(|known| {
        // The comparison is the weak one (RFC 9110, 13.1.2). No tag of ours holds a comma.
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}
