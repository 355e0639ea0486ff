//! Responses: a body with its entity tag, sent as it is, compressed, or as 304 Not Modified.

mod cache;
mod encoding;
mod etag;

use std::sync::{Arc, OnceLock};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use store::View;

use crate::problem::Problem;
use crate::request::RequestHead;

pub(crate) use cache::ResponseCache;
use encoding::{Encoding, WORTH_IT};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// A client may keep the response and must revalidate it: a newer generation may be published.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
const BY_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// Header fields of a response, those of the outer layers included.
const FIELDS: usize = 8;

/// The content of a new response.
#[derive(Debug)]
pub(crate) struct Content {
    body: String,
    link: Option<HeaderValue>,
}

impl Content {
    /// A body of JSON.
    pub(crate) fn new(body: String) -> Self {
        Self { body, link: None }
    }

    /// A value as one line of JSON.
    pub(crate) fn json(value: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(value).map_err(|error| Problem::internal(&error))?;
        Ok(Self::new(body + "\n"))
    }

    /// This content with a link to another response.
    pub(crate) fn with_link(self, link: Option<HeaderValue>) -> Self {
        Self { link, ..self }
    }
}

/// A content with its tag and its encodings: the response to one request, from fixed results.
#[derive(Debug)]
pub(crate) struct Representation {
    tag: HeaderValue,
    link: Option<HeaderValue>,
    body: Bytes,
    /// The encoded bodies, each made when a request first prefers it.
    encoded: [OnceLock<Option<Bytes>>; Encoding::ALL.len()],
}

impl Representation {
    /// A body of JSON that never changes.
    pub(crate) fn fixed(body: String) -> Self {
        Self::new(etag::of_text(&body), Content::new(body))
    }

    fn new(tag: HeaderValue, content: Content) -> Self {
        let Content { body, link } = content;
        Self { tag, link, body: body.into(), encoded: Default::default() }
    }

    /// The approximate number of bytes it takes, encodings included.
    fn size(&self) -> usize {
        self.body.len() * 2
    }

    /// The response to a request with these headers.
    pub(crate) fn respond(&self, headers: &HeaderMap) -> Response {
        let mut response = Response::new(Body::empty());
        response.headers_mut().reserve(FIELDS);
        let varies = self.body.len() >= WORTH_IT;
        if etag::matches(headers, &self.tag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            let encoding = varies.then(|| Encoding::preferred(headers)).flatten();
            let encoded = encoding.and_then(|encoding| Some((encoding, self.encoded(encoding)?)));
            if let Some((encoding, _)) = encoded {
                response.headers_mut().insert(header::CONTENT_ENCODING, encoding.name());
            }
            let body = encoded.map_or(&self.body, |(_, encoded)| encoded);
            *response.body_mut() = Body::from(body.clone());
            response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        }
        let fields = response.headers_mut();
        fields.insert(header::ETAG, self.tag.clone());
        fields.insert(header::CACHE_CONTROL, REVALIDATE);
        if varies {
            fields.insert(header::VARY, BY_ENCODING);
        }
        if let Some(link) = &self.link {
            fields.insert(header::LINK, link.clone());
        }
        response
    }

    fn encoded(&self, encoding: Encoding) -> Option<&Bytes> {
        let encoded = self.encoded.get(encoding as usize)?;
        let encoded = encoded.get_or_init(|| match encoding.encode(&self.body) {
            Ok(encoded) => Some(encoded),
            Err(error) => {
                tracing::warn!(%error, ?encoding, "sending a response unencoded");
                None
            }
        });
        encoded.as_ref()
    }
}

impl ResponseCache {
    /// Responds to a request from these results: with the cached representation, or with one of the
    /// content that `make` returns.
    pub(crate) async fn respond(
        &self,
        request: &RequestHead,
        results: &[Arc<View>],
        make: impl AsyncFnOnce() -> Result<Content, Problem>,
    ) -> Result<Response, Problem> {
        let question = request.path_and_query();
        if let Some(cached) = self.get(question, results) {
            return Ok(cached.respond(request.headers()));
        }
        let tag = etag::of(results, question);
        let representation = Arc::new(Representation::new(tag, make().await?));
        self.insert(question, results, &representation);
        Ok(representation.respond(request.headers()))
    }
}
