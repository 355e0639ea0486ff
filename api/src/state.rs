//! The state that all handlers share: the results they read, the responses they have made, and the
//! two responses that never change, the index and the OpenAPI document.

use std::sync::Arc;

use axum::response::Response;
use store::view::answer_newest;
use store::{Store, View};

use crate::newest_results::NewestResults;
use crate::pinned_views::PinnedViews;
use crate::problem::Problem;
use crate::request::RequestHead;
use crate::response::{Content, Representation, ResponseCache};

/// The shared state, in one allocation: every request clones its pointer a few times.
#[derive(Debug)]
pub(crate) struct ApiState {
    pub(crate) newest: NewestResults,
    pub(crate) pinned: PinnedViews,
    pub(crate) responses: ResponseCache,
    pub(crate) index: Representation,
    pub(crate) document: Representation,
}

impl ApiState {
    /// Creates the state of an API over a store. `index` and `document` are the bodies of its index
    /// and its OpenAPI document.
    pub(crate) fn new(store: Arc<dyn Store>, index: String, document: String) -> Self {
        Self {
            newest: NewestResults::new(Arc::clone(&store)),
            pinned: PinnedViews::new(store),
            responses: ResponseCache::default(),
            index: Representation::fixed(index),
            document: Representation::fixed(document),
        }
    }

    /// Responds from the newest result of a source, with the content that `make` returns. If the
    /// result is removed meanwhile, responds from the one that is the newest then.
    pub(crate) async fn respond<F>(
        &self,
        request: &RequestHead,
        source: &str,
        make: impl Fn(Arc<View>) -> F,
    ) -> Result<Response, Problem>
    where
        F: Future<Output = Result<Content, Problem>>,
    {
        let look = |incomplete: Option<Arc<View>>| async move {
            match incomplete {
                None => self.newest.of(source).await,
                Some(incomplete) => self.newest.instead_of(&incomplete).await,
            }
        };
        let answer = |view: Arc<View>| {
            let content = make(Arc::clone(&view));
            async move { self.responses.respond(request, std::slice::from_ref(&view), || content).await }
        };
        let response = answer_newest(look, answer, Problem::is_missing).await?;
        response.ok_or_else(|| Problem::unknown_source(source))
    }
}
