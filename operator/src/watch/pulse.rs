//! Signs of life of the watches: the time when the API server last sent anything on each. Owns a
//! layer of the client that sees all responses, because kube's watcher doesn't report bookmarks,
//! and in a quiet cluster a watch receives nothing else.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use kube::client::Body;
use parking_lot::Mutex;
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};

/// The time of the last sign of life, by the path of the collection. Clones share the times.
#[derive(Debug, Clone, Default)]
pub struct Pulses(Arc<Mutex<HashMap<String, Instant>>>);

impl Pulses {
    /// Begins to time the lists and watches of a collection.
    pub fn expect(&self, path: String) {
        self.0.lock().insert(path, Instant::now());
    }

    /// Returns the collection with the longest silence, and the length of the silence.
    pub fn oldest(&self) -> Option<(String, Duration)> {
        self.ages().into_iter().max_by_key(|(_, age)| *age)
    }

    /// Returns the length of each collection's silence.
    pub fn ages(&self) -> Vec<(String, Duration)> {
        let now = Instant::now();
        self.0.lock().iter().map(|(path, at)| (path.clone(), now - *at)).collect()
    }

    fn beat(&self, path: &str) {
        if let Some(at) = self.0.lock().get_mut(path) {
            *at = Instant::now();
        }
    }
}

/// A layer of the client that records the arrival of each part of a response.
#[derive(Debug, Clone)]
pub struct PulseLayer(pub Pulses);

impl<S> Layer<S> for PulseLayer {
    type Service = PulseService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        PulseService { inner, pulses: self.0.clone() }
    }
}

/// A client that records the arrival of its responses.
#[derive(Debug, Clone)]
pub struct PulseService<S> {
    inner: S,
    pulses: Pulses,
}

impl<S, B> Service<Request<Body>> for PulseService<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, BoxError>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = (request.method() == Method::GET).then(|| request.uri().path().to_owned());
        let pulses = self.pulses.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await.map_err(Into::into)?;
            let is_success = answer.status().is_success();
            Ok(answer.map(|body| {
                let body = body.map_err(Into::into);
                match path.filter(|_| is_success) {
                    Some(path) => body
                        .map_frame(move |frame| {
                            pulses.beat(&path);
                            frame
                        })
                        .boxed_unsync(),
                    None => body.boxed_unsync(),
                }
            }))
        })
    }
}
