//! The heads of answers: the version and size of the object, and the part of it that an answer
//! holds. Knows nothing of requests.

use std::ops::Range;

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

/// Returns the bytes of the object that an answer holds, if it is a part: `bytes 5-9/100`. They may
/// be fewer than were requested (RFC 9110 section 15.3.7). Anything else, such as a part of a
/// multipart message, is not what was requested.
pub(super) fn part(response: &Response<Body>) -> Option<Range<u64>> {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return None;
    }
    let range = header_text(response, header::CONTENT_RANGE)?.strip_prefix("bytes ")?;
    let (first, last) = range.split_once('/')?.0.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse::<u64>().ok()?);
    (first <= last).then_some(first..last.checked_add(1)?)
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

    #[test]
    fn a_part_is_the_range_that_the_answer_names() {
        let part_of = |range: &str| {
            let mut answer = answer(&[("content-range", range)]);
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            part(&answer)
        };
        assert_eq!(part_of("bytes 5-9/100"), Some(5..10));
        assert_eq!(part_of("bytes 0-0/*"), Some(0..1));
        for bad in ["bytes */100", "bytes 9-5/100", "items 5-9/100", "bytes 5-9", "bytes 5-/9", ""]
        {
            assert_eq!(part_of(bad), None, "{bad}");
        }
        assert_eq!(part_of(&format!("bytes 0-{}/*", u64::MAX)), None);
        assert_eq!(part(&answer(&[("content-range", "bytes 5-9/100")])), None, "the whole object");
    }
}
