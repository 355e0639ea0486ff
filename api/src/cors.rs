//! The origins whose pages may read answers (the CORS protocol of the Fetch standard). Owns the
//! text form of origins; `tower-http` implements the protocol.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::access::REQUEST_ID;

/// The time that a browser may cache a permission.
const MAX_AGE: Duration = Duration::from_hours(1);

/// An origin of pages, or `*` for any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// The error for a text that is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an origin: write it as https://example.org or https://example.org:8443, without a path, or * for any"
)]
pub struct InvalidOrigin(String);

impl std::str::FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let invalid = || InvalidOrigin(text.to_owned());
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        // Browsers send origins in lower case, and they are compared byte by byte.
        let part = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._:[]".contains(&byte)
        };
        let fits = host.is_some_and(|host| !host.is_empty() && host.bytes().all(part));
        if text != "*" && !fits {
            return Err(invalid());
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| invalid())
    }
}

/// The layer that lets pages of these origins read answers; `None` for no origins.
pub(crate) fn layer(origins: &[Origin]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let allowed = if origins.iter().any(|origin| origin.0 == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().map(|origin| origin.0.clone()))
    };
    let exposed: [HeaderName; 4] = [header::ETAG, header::LINK, header::RETRY_AFTER, REQUEST_ID];
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers(AllowHeaders::any())
        .expose_headers(exposed)
        .max_age(MAX_AGE);
    Some(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_scheme_host_and_port_or_any() {
        for good in ["*", "https://example.org", "http://localhost:3000", "http://[::1]:8080"] {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "example.org",
            "https://",
            "https://example.org/",
            "https://Example.org",
            "ftp://x",
            "null",
            "https://*.org",
        ] {
            let error = bad.parse::<Origin>().unwrap_err().to_string();
            assert!(error.contains("https://example.org:8443"), "{error}");
        }
    }
}
