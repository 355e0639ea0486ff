//! Request ids: the caller's, if it is safe in a log line, or a new one.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header of the request id, in every response and in some requests.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The most bytes of a caller's id; longer ones are replaced.
const MAX_ID: usize = 128;

/// The generator of request ids.
#[derive(Debug)]
pub(super) struct RequestIds {
    /// Different in each process.
    prefix: u64,
    next: AtomicU64,
}

impl RequestIds {
    pub(super) fn new() -> Self {
        // The standard library gives a hasher random keys. They are random enough: nothing depends
        // on an id.
        Self { prefix: RandomState::new().build_hasher().finish(), next: AtomicU64::new(0) }
    }

    /// The caller's id, if it is safe in a log line, or a new one.
    pub(super) fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let fits = |id: &&HeaderValue| {
            let bytes = id.as_bytes();
            (1..=MAX_ID).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
        };
        if let Some(id) = headers.get(REQUEST_ID).filter(fits) {
            return id.clone();
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // 16 digits, a dash and at most 20 more.
        let mut id = [0_u8; 37];
        let mut rest = &mut id[..];
        let written = write!(rest, "{:016x}-{number}", self.prefix);
        let unused = rest.len();
        let id = id.get(..id.len() - unused).filter(|_| written.is_ok());
        id.and_then(|id| HeaderValue::from_bytes(id).ok()).unwrap_or_else(|| number.into())
    }
}
