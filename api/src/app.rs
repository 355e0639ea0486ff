//! The service: its routes and what all of them share.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use store::{Store, View};

use crate::access::Access;
use crate::answer::{Answer, Answers};
use crate::current::Current;
use crate::overload::Places;
use crate::pinned::Pinned;
use crate::problem::Problem;
use crate::query::Parameters;
use crate::resources::{self, index, openapi};
use crate::settings::Settings;
use crate::{cors, limits};

/// What handlers share. Clones share it, too.
#[derive(Debug, Clone)]
pub struct ApiState(pub(crate) Arc<Shared>);

/// One allocation, because every request clones the state a few times.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) current: Current,
    pub(crate) pinned: Pinned,
    pub(crate) answers: Answers,
    pub(crate) index: Answer,
    pub(crate) document: Answer,
    settings: Settings,
}

impl ApiState {
    /// An API over a store.
    pub fn new(store: Arc<dyn Store>, settings: Settings) -> Self {
        Self(Arc::new(Shared {
            current: Current::new(Arc::clone(&store)),
            pinned: Pinned::new(store),
            answers: Answers::default(),
            index: index::answer(),
            document: openapi::answer(),
            settings,
        }))
    }
}

impl Shared {
    /// The newest result of the source that is asked for.
    pub(crate) async fn source(&self, parameters: &Parameters<'_>) -> Result<Arc<View>, Problem> {
        let source = parameters.first("source").ok_or_else(|| {
            Problem::bad_request("source is missing: /api/v1/sources lists what is published")
        })?;
        let published = self.current.of(source).await?;
        published.ok_or_else(|| Problem::unknown_source(source))
    }
}

/// The whole service.
pub fn app(state: ApiState) -> Router {
    let Settings { concurrency, queue, timeout, origins } = &state.0.settings;
    let places = Arc::new(Places::new(*concurrency, *queue, *timeout));
    let access = Access::new(resources::all().iter().map(|resource| resource.path));
    let routes = resources::all()
        .into_iter()
        .fold(Router::new(), |router, resource| router.route(resource.path, (resource.methods)()));
    let app = routes
        .fallback(async || Problem::not_found("there is nothing here: see / for what there is"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed());
    // Outermost is what records: who is turned away is recorded, too.
    let app = match cors::layer(origins) {
        None => app.layer(from_fn_with_state((access, places), recorded_and_bounded)),
        Some(cors) => app
            .layer(from_fn_with_state(places, bounded))
            .layer(cors)
            .layer(from_fn_with_state(access, recorded)),
    };
    app.with_state(state)
}

/// Both at once, where nothing comes between them: a layer costs every request as much as half of
/// what is done in it.
async fn recorded_and_bounded(
    State((access, places)): State<(Access, Arc<Places>)>,
    request: Request,
    next: Next,
) -> Response {
    access.record(request, |request| bounded(State(places), request, next)).await
}

/// Lets a request through and records what became of it.
async fn recorded(State(access): State<Access>, request: Request, next: Next) -> Response {
    access.record(request, |request| next.run(request)).await
}

/// Lets a request through that is within all bounds.
async fn bounded(State(places): State<Arc<Places>>, request: Request, next: Next) -> Response {
    match limits::check(request.uri(), request.headers()) {
        Ok(()) => places.answer(next.run(request)).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests;
