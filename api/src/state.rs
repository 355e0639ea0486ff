//! The state that all handlers share: the results they read, the responses they have made, and the
//! two responses that never change, the index and the OpenAPI document.

use std::sync::Arc;

use store::{Store, View};

use crate::newest_results::NewestResults;
use crate::pinned_views::PinnedViews;
use crate::problem::Problem;
use crate::request::Parameters;
use crate::response::{Representation, ResponseCache};

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

    /// Returns the newest result of the source that a request names.
    pub(crate) async fn view(&self, parameters: &Parameters<'_>) -> Result<Arc<View>, Problem> {
        let source = parameters.first("source").ok_or_else(|| {
            Problem::bad_request("source is missing: /api/v1/sources lists what is published")
        })?;
        let view = self.newest.of(source).await?;
        view.ok_or_else(|| Problem::unknown_source(source))
    }
}
