//! The limits of one request: the length of its path and query, and the size of its headers. Owns
//! these limits; `service::server` stops reading a request whose head exceeds 32 KiB.

use axum::http::{HeaderMap, Uri};

use crate::problem::Problem;

/// The most bytes of path and query: RFC 9110 (4.1) recommends at least 8,000.
const MAX_URI: usize = 8192;

/// The most bytes of all names and values of headers.
const MAX_HEADERS: usize = 16 << 10;

/// Fails for a request that is too large.
pub(crate) fn check(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    if uri.path_and_query().is_some_and(|text| text.as_str().len() > MAX_URI) {
        return Err(Problem::uri_too_long(MAX_URI));
    }
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > MAX_HEADERS {
        return Err(Problem::headers_too_large(MAX_HEADERS));
    }
    Ok(())
}
