//! Entity tags: what an answer is made of, so that an unchanged one need not be sent again.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use store::Generation;

/// Raised when the same question to the same generation gets another answer than before.
const ANSWER_FORMAT: u32 = 1;

/// The tag of an answer: its generation, the question, and the format of answers.
pub(crate) fn of(generation: &Generation, question: &[&str]) -> String {
    // FNV-1a: a tag need not withstand malice, only tell questions apart within one generation.
    let bytes = question.iter().flat_map(|part| part.bytes().chain([0xFF]));
    let run = generation.run.as_str().bytes().chain([0xFF]);
    let hash = run.chain(bytes).fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    format!("\"{}-{hash:016x}-{ANSWER_FORMAT}\"", generation.generation)
}

/// The answer, or only that it is unchanged.
pub(crate) fn answer(headers: &HeaderMap, tag: &str, content_type: &str, body: String) -> Response {
    let fixed = [(header::ETAG, tag), (header::CACHE_CONTROL, "no-cache")];
    if is_known(headers, tag) {
        (StatusCode::NOT_MODIFIED, fixed).into_response()
    } else {
        (fixed, [(header::CONTENT_TYPE, content_type)], body).into_response()
    }
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).any(|known| {
        // The comparison is the weak one (RFC 9110, 13.1.2).
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}
