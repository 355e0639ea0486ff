//! Entity tags: what an answer is made of, so that an unchanged one need not be sent again. They are
//! weak, because the same tag goes with every encoding of an answer (RFC 9110, 8.8.1).

use axum::http::{HeaderMap, HeaderValue, header};
use store::View;

/// Raised when the same question to the same generation gets another answer than before.
const ANSWER_FORMAT: u32 = 3;

/// The tag of an answer from one generation: which, without what, the question, and the format of answers.
pub(crate) fn of(view: &View, question: &[&str]) -> HeaderValue {
    tag(&numbers(view), hash_of(view, question))
}

/// The tag of an answer from the newest generations of all sources.
pub(crate) fn of_all<'a>(views: impl Iterator<Item = &'a View>) -> HeaderValue {
    let hashes = views.map(|view| format!("{}-{:016x}", numbers(view), hash_of(view, &[])));
    let hashes: Vec<String> = hashes.collect();
    tag("all", hash(hashes.iter().map(String::as_str)))
}

/// The tag of an answer that is made of its own text alone.
pub(crate) fn of_text(text: &str) -> HeaderValue {
    tag("text", hash(std::iter::once(text)))
}

fn tag(name: &str, hash: u64) -> HeaderValue {
    let tag = format!("W/\"{name}-{hash:016x}-{ANSWER_FORMAT}\"");
    // Digits, letters, dots and dashes: always a header.
    HeaderValue::try_from(tag).unwrap_or_else(|_| HeaderValue::from(hash))
}

/// The number of a generation, and of the last change of what is excluded.
fn numbers(view: &View) -> String {
    format!("{}.{}", view.generation().generation, view.exclusions().version())
}

fn hash_of(view: &View, question: &[&str]) -> u64 {
    let generation = view.generation();
    let parts = [generation.source.as_str(), generation.run.as_str()];
    hash(parts.into_iter().chain(question.iter().copied()))
}

/// FNV-1a: a tag need not withstand malice, only tell questions apart within one generation.
fn hash<'a>(parts: impl Iterator<Item = &'a str>) -> u64 {
    // 0xFF is in no text.
    let bytes = parts.flat_map(|part| part.bytes().chain([0xFF]));
    bytes.fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// Whether the caller has it already.
pub(super) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = tag.as_bytes().strip_prefix(b"W/").unwrap_or(tag.as_bytes());
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).any(|known| {
        // The comparison is the weak one (RFC 9110, 13.1.2). No tag of ours holds a comma.
        known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == opaque
    })
}
