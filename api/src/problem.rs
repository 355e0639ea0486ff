//! Errors as RFC 9457 problems. Owns the part of an error that a client learns: nothing about the
//! location of the store.

use std::error::Error;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use questions::QuestionError;
use schemars::JsonSchema;
use serde::Serialize;
use service::error_chain;
use store::StoreError;

/// The reason why a request has no answer, before it is written as a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    excluded: bool,
    missing: bool,
    cause: Option<Cause>,
}

/// The cause of a problem, for the log only: an extension of the response, not a part of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause(pub(crate) Arc<str>);

/// The reason why a request was not answered (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemBody<'a> {
    /// The name of the status. The type of every problem is `about:blank`.
    title: &'a str,
    /// The status of the answer.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// The fault and the remedy.
    detail: &'a str,
    /// True if the term of the question is excluded; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    excluded: bool,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), excluded: false, missing: false, cause: None }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn unknown_source(source: &str) -> Self {
        Self::not_found(format!(
            "nothing is published under the source {source:?}: /api/v1/sources lists what is"
        ))
    }

    pub(crate) fn no_words(source: &str) -> Self {
        Self::not_found(format!("the result published under the source {source:?} has no words"))
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "use GET or HEAD")
    }

    pub(crate) fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, detail)
    }

    pub(crate) fn uri_too_long(most: usize) -> Self {
        Self::new(StatusCode::URI_TOO_LONG, format!("path and query may take {most} bytes"))
    }

    pub(crate) fn headers_too_large(most: usize) -> Self {
        let detail = format!("names and values of headers may take {most} bytes together");
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, detail)
    }

    pub(crate) fn overloaded(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    pub(crate) fn internal(error: &dyn Error) -> Self {
        let problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the answer can't be written: the log of the server has the cause",
        );
        problem.caused_by(error)
    }

    /// Returns true if something of the published result is missing: it is damaged, or was removed
    /// after it was opened.
    pub(crate) const fn is_missing(&self) -> bool {
        self.missing
    }

    fn caused_by(self, error: &dyn Error) -> Self {
        Self { cause: Some(Cause(error_chain(error).into())), ..self }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let problem = if error.is_retryable() {
            Self::overloaded("the store can't be read")
        } else {
            Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the published result can't be read: its store is damaged or of another version, the log of the server has the key",
            )
        };
        Self { missing: error.is_missing(), ..problem.caused_by(&error) }
    }
}

impl From<QuestionError> for Problem {
    fn from(error: QuestionError) -> Self {
        match error {
            QuestionError::Store(error) => error.into(),
            error if error.is_usage() => Self::bad_request(error.to_string()),
            error => {
                let excluded = matches!(error, QuestionError::ExcludedTerm { .. });
                Self { excluded, ..Self::not_found(error.to_string()) }
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, detail, excluded, cause, .. } = self;
        let title = status.canonical_reason().unwrap_or_default();
        let body = ProblemBody { title, status: status.as_u16(), detail: &detail, excluded };
        let json = serde_json::to_string(&body).unwrap_or_default() + "\n";
        let fixed = [
            (header::CONTENT_TYPE, "application/problem+json"),
            // A missing result may be published within a second.
            (header::CACHE_CONTROL, "no-cache"),
        ];
        let mut response = (status, fixed, json).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(cause) = cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}
