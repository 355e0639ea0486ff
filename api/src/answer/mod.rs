//! Answers: a body with its entity tag, sent whole, encoded, or only as unchanged.

mod cache;
mod encoding;
pub(crate) mod etag;

use std::sync::{Arc, OnceLock};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use store::View;

use crate::problem::Problem;
use crate::query::Question;

pub(crate) use cache::Answers;
use encoding::{Encoding, WORTH_IT};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// To be kept, and asked about each time: the next generation may be there.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");
const BY_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// Header fields of an answer, those of the layers above included.
const FIELDS: usize = 8;

/// What is answered to whoever asks the same of the same results.
#[derive(Debug)]
pub(crate) struct Answer {
    tag: HeaderValue,
    link: Option<HeaderValue>,
    body: Bytes,
    /// The body encoded, as far as anybody asked for it.
    encoded: [OnceLock<Option<Bytes>>; Encoding::ALL.len()],
}

impl Answer {
    /// A body of JSON.
    pub(crate) fn new(tag: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self { tag, link: None, body: body.into(), encoded: Default::default() }
    }

    /// A value as one line of JSON.
    pub(crate) fn json(tag: HeaderValue, value: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(value).map_err(|error| Problem::internal(&error))?;
        Ok(Self::new(tag, body + "\n"))
    }

    /// The same with links to other answers.
    pub(crate) fn linking(self, link: Option<HeaderValue>) -> Self {
        Self { link, ..self }
    }

    /// About how many bytes it takes, encodings included.
    fn size(&self) -> usize {
        self.body.len() * 2
    }

    /// The answer to these headers.
    pub(crate) fn to(&self, headers: &HeaderMap) -> Response {
        let mut response = Response::new(Body::empty());
        response.headers_mut().reserve(FIELDS);
        let varies = self.body.len() >= WORTH_IT;
        if etag::is_known(headers, &self.tag) {
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
        fields.insert(header::CACHE_CONTROL, ASK_AGAIN);
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
                tracing::warn!(%error, ?encoding, "an answer is sent as it is");
                None
            }
        });
        encoded.as_ref()
    }
}

impl Answers {
    /// Answers a question from these results: as before, if it was answered from them before, or with
    /// what `make` makes.
    pub(crate) async fn answer(
        &self,
        question: &Question,
        results: &[Arc<View>],
        make: impl AsyncFnOnce() -> Result<Answer, Problem>,
    ) -> Result<Response, Problem> {
        if let Some(answer) = self.get(question.text(), results) {
            return Ok(answer.to(question.headers()));
        }
        let answer = Arc::new(make().await?);
        self.insert(question.text(), results, &answer);
        Ok(answer.to(question.headers()))
    }
}
