//! Entity tags, so that an unchanged response need not be sent again. They are weak, because all
//! encodings of a response share one tag (RFC 9110, 8.8.1).

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use store::View;
use xxhash_rust::xxh3::Xxh3;

/// Raised when the same question to the same generation gets another answer than before.
const ANSWER_FORMAT: u32 = 4;

/// Returns the tag of an answer: a hash of the question, the generations that it comes from, and
/// the versions of their exclusions.
pub(super) fn of(views: &[Arc<View>], question: &str) -> HeaderValue {
    let mut hasher = Xxh3::new();
    hasher.update(question.as_bytes());
    for view in views {
        let generation = view.generation();
        for name in [generation.source.as_str(), generation.run.as_str()] {
            // 0xFF is in no text, so it separates the names.
            hasher.update(&[0xFF]);
            hasher.update(name.as_bytes());
        }
        hasher.update(&[0xFF]);
        for number in [generation.generation, view.exclusions().version()] {
            hasher.update(&number.to_le_bytes());
        }
    }
    tag(hasher.digest())
}

/// Returns the tag of an answer that never changes.
pub(super) fn of_text(text: &str) -> HeaderValue {
    tag(xxhash_rust::xxh3::xxh3_64(text.as_bytes()))
}

fn tag(hash: u64) -> HeaderValue {
    let tag = format!("W/\"{hash:016x}-{ANSWER_FORMAT}\"");
    // Digits, letters, quotes and a dash are always a header value.
    HeaderValue::try_from(tag).unwrap_or_else(|_| HeaderValue::from(hash))
}

/// Returns true if the client already has the response with this tag.
pub(super) fn matches(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = tag.as_bytes().strip_prefix(b"W/").unwrap_or(tag.as_bytes());
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).any(|given| {
        // The comparison is the weak one (RFC 9110, 13.1.2). No tag of this API has a comma.
        given == "*" || given.strip_prefix("W/").unwrap_or(given).as_bytes() == opaque
    })
}
