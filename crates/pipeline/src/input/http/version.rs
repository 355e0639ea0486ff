//! The heads of answers: the version and size of the object, and the part of it that an answer
//! holds. Knows nothing of requests.

use trends::time::event_time;
use ureq::Body;
use ureq::http::{Response, StatusCode, header};

/// Seconds by which `Date` must be later than `Last-Modified`. Otherwise the object may change once
/// more within the same second (RFC 9110 section 8.8.2.2); a minute allows for clocks that differ.
const SETTLED: i64 = 60;

/// The version of an object: a header that changes with its content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// The value of `ETag` or `Last-Modified`.
    pub(super) value: String,
    /// True if equal values mean equal bytes, so that parts with this version are parts of one
    /// content (RFC 9110 section 8.8.1).
    pub(super) is_strong: bool,
}

/// Returns the best version that an answer names: a strong `ETag`, or else a settled
/// `Last-Modified`, or else a weak one of them.
pub(super) fn version(response: &Response<Body>) -> Option<Version> {
    let text = |name| header_text(response, name);
    let tag = text(header::ETAG);
    let modified = text(header::LAST_MODIFIED);
    if let Some(tag) = tag.filter(|tag| tag.starts_with('"')) {
        return Some(Version { value: tag.to_owned(), is_strong: true });
    }
    let seconds = |text: &str| event_time(text.as_bytes());
    let settled = modified.and_then(seconds).zip(text(header::DATE).and_then(seconds));
    if let (Some((modified_at, date)), Some(modified)) = (settled, modified)
        && date.saturating_sub(modified_at) >= SETTLED
    {
        return Some(Version { value: modified.to_owned(), is_strong: true });
    }
    let value = tag.or(modified)?.to_owned();
    Some(Version { value, is_strong: false })
}

/// Returns true if an answer has the planned version, in whichever header.
pub(super) fn is_of(response: &Response<Body>, planned: &str) -> bool {
    named(response).any(|value| value == planned)
}

/// Returns the values that may be the version of an answer, the best first.
pub(super) fn named(response: &Response<Body>) -> impl Iterator<Item = &str> {
    [header::ETAG, header::LAST_MODIFIED].into_iter().filter_map(|name| header_text(response, name))
}

/// Returns the size of the whole object: the number after the slash of `Content-Range`, or the
/// length of a whole answer.
pub(super) fn size_of_object(response: &Response<Body>) -> Option<u64> {
    if response.status() == StatusCode::PARTIAL_CONTENT {
        return header_text(response, header::CONTENT_RANGE)?.rsplit_once('/')?.1.parse().ok();
    }
    header_text(response, header::CONTENT_LENGTH)?.parse().ok()
}

/// Returns true if an answer is the part of the object that begins at an offset: `bytes 5-9/100`.
/// Anything else, such as a part of a multipart message, is not what was requested.
pub(super) fn is_part(response: &Response<Body>, from: u64) -> bool {
    let range = header_text(response, header::CONTENT_RANGE);
    let range = range.and_then(|range| range.strip_prefix("bytes "));
    let first = range.and_then(|range| range.split_once('-')?.0.trim().parse().ok());
    response.status() == StatusCode::PARTIAL_CONTENT && first == Some(from)
}

fn header_text(response: &Response<Body>, name: header::HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Headers = &'static [(&'static str, &'static str)];

    fn answer(headers: &[(&str, &str)]) -> Response<Body> {
        let mut answer = Response::builder();
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        answer.body(Body::builder().data("")).unwrap()
    }

    #[test]
    fn only_strong_tags_and_settled_times_tie_parts_together() {
        const AT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        const SOON: &str = "Sun, 06 Nov 1994 08:50:36 GMT";
        const LATER: &str = "Sun, 06 Nov 1994 08:50:37 GMT";
        let cases: [(Headers, Option<(&str, bool)>); 9] = [
            (&[], None),
            (&[("etag", "\"a\"")], Some(("\"a\"", true))),
            (&[("etag", "W/\"a\"")], Some(("W/\"a\"", false))),
            (&[("etag", "a")], Some(("a", false))),
            (&[("last-modified", AT)], Some((AT, false))),
            (&[("last-modified", AT), ("date", SOON)], Some((AT, false))),
            (&[("last-modified", AT), ("date", LATER)], Some((AT, true))),
            (&[("last-modified", LATER), ("date", AT)], Some((LATER, false))),
            (&[("etag", "W/\"a\""), ("last-modified", AT), ("date", LATER)], Some((AT, true))),
        ];
        for (headers, expected) in cases {
            let found = version(&answer(headers));
            let found = found.as_ref().map(|found| (found.value.as_str(), found.is_strong));
            assert_eq!(found, expected, "{headers:?}");
        }
        let both = answer(&[("etag", "\"a\""), ("last-modified", AT)]);
        assert!(is_of(&both, "\"a\"") && is_of(&both, AT));
        assert!(!is_of(&both, "W/\"a\"") && !is_of(&both, LATER));
        // A tag without quotes may look like a time.
        assert!(is_of(&answer(&[("etag", "2024-01-01")]), "2024-01-01"));
        assert_eq!(named(&both).collect::<Vec<_>>(), ["\"a\"", AT]);
    }
}
