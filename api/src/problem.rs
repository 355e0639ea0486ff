//! Errors as RFC 9457 problems. Owns what of an error a caller is told: nothing of where the store is.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::StoreError;

/// Why a request has no other answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    title: &'static str,
    detail: String,
}

#[derive(Serialize)]
struct Body<'a> {
    title: &'a str,
    status: u16,
    detail: &'a str,
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, title, detail: detail.into() }
    }

    pub(crate) fn bad_parameter(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid parameter", detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found", detail)
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
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed", "use GET or HEAD")
    }

    pub(crate) fn overloaded(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "try again later", detail)
    }

    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "an answer can't be written");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal error",
            "the answer can't be written: the log of the server says why",
        )
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(%error, cause, "a result can't be read");
        if error.is_retryable() {
            Self::overloaded("the store can't be read")
        } else {
            Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal error",
                "the published result can't be read: its store is damaged or of another version, the log of the server says where",
            )
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, title, detail } = self;
        let body = Body { title, status: status.as_u16(), detail: &detail };
        let json = serde_json::to_string(&body).unwrap_or_default() + "\n";
        let fixed = [
            (header::CONTENT_TYPE, "application/problem+json"),
            // What isn't there now may be published in a second.
            (header::CACHE_CONTROL, "no-cache"),
        ];
        let mut response = (status, fixed, json).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
