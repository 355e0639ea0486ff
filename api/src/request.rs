//! The part of a request that an answer depends on. Owns its parameters: they are found by name,
//! the first wins, and a resource can refuse unknown and repeated ones.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::convert::Infallible;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Uri};
use trends::{Kind, UnknownName};

use crate::problem::Problem;

/// The most parameters of a request: more than any resource has.
const MAX_PARAMETERS: usize = 32;

/// The most topics of an answer, if the request has no limit.
pub(crate) const DEFAULT_LIMIT: u64 = 10;
/// The most topics of any answer.
pub(crate) const MAX_LIMIT: u64 = 1000;

/// A request without its body, which no resource reads.
#[derive(Debug)]
pub(crate) struct RequestHead {
    uri: Uri,
    headers: HeaderMap,
}

impl RequestHead {
    /// Path and parameters as they were sent.
    pub(crate) fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("", |text| text.as_str())
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The parameters, in order.
    pub(crate) fn parameters(&self) -> Result<Parameters<'_>, Problem> {
        let query = self.uri.query().unwrap_or_default();
        let pairs: Vec<_> =
            form_urlencoded::parse(query.as_bytes()).take(MAX_PARAMETERS + 1).collect();
        if pairs.len() > MAX_PARAMETERS {
            let detail = format!("too many parameters: at most {MAX_PARAMETERS} are read");
            return Err(Problem::bad_request(detail));
        }
        Ok(Parameters(pairs))
    }
}

impl<S: Send + Sync> FromRequest<S> for RequestHead {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        let (parts, _) = request.into_parts();
        Ok(Self { uri: parts.uri, headers: parts.headers })
    }
}

/// The parameters of a request.
#[derive(Debug)]
pub(crate) struct Parameters<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Parameters<'_> {
    /// The first value of a parameter.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    /// The source that a request must name.
    pub(crate) fn source(&self) -> Result<&str, Problem> {
        self.first("source").ok_or_else(|| {
            Problem::bad_request("source is missing: /api/v1/sources lists what is published")
        })
    }

    /// Refuses parameters that are not allowed, and repeated ones.
    pub(crate) fn only(&self, allowed: &[&str]) -> Result<(), Problem> {
        for (at, (name, _)) in self.0.iter().enumerate() {
            if !allowed.contains(&name.as_ref()) {
                let allowed =
                    if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
                let detail = format!("unknown parameter {name:?}; allowed: {allowed}");
                return Err(Problem::bad_request(detail));
            }
            if self.0.iter().take(at).any(|(earlier, _)| earlier == name) {
                return Err(Problem::bad_request(format!("{name} is given twice: give it once")));
            }
        }
        Ok(())
    }

    /// A number within bounds, or the default.
    pub(crate) fn number(
        &self,
        name: &str,
        bounds: std::ops::RangeInclusive<u64>,
        default: u64,
    ) -> Result<u64, Problem> {
        let Some(value) = self.first(name) else { return Ok(default) };
        value.parse().ok().filter(|number| bounds.contains(number)).ok_or_else(|| {
            let (least, most) = bounds.into_inner();
            Problem::bad_request(format!(
                "{name}={value:?} must be a number from {least} to {most}"
            ))
        })
    }

    /// The most topics of the answer.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        self.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT).map(|limit| limit as usize)
    }

    /// The kind of a term, if it is given.
    pub(crate) fn kind(&self) -> Result<Option<Kind>, Problem> {
        let kind: Result<Option<Kind>, UnknownName> =
            self.first("kind").map(str::parse).transpose();
        kind.map_err(|error| Problem::bad_request(error.to_string()))
    }

    /// The kinds of terms, separated by commas; empty if none is given.
    pub(crate) fn kinds(&self) -> Result<BTreeSet<Kind>, Problem> {
        let names = self.first("kind").into_iter().flat_map(|kinds| kinds.split(','));
        let kinds: Result<BTreeSet<Kind>, UnknownName> = names.map(str::parse).collect();
        kinds.map_err(|error| Problem::bad_request(error.to_string()))
    }
}
