//! The warnings of Kubernetes about the Jobs and pods of a namespace. Uses the client; owns the
//! list that passes share: for each list the API server reads all events of the namespace, and
//! hundreds of runs may wait for their pods at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Event;
use kube::Client;
use kube::api::{Api, ListParams};
use kube::core::ObjectMeta;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout};

use super::error::{Error, doing};
use crate::diagnosis::CAUSES;

/// The age up to which a list is shared.
const FRESH: Duration = Duration::from_secs(4);

/// The longest wait for a list: a pass has more to do than to find causes.
const PATIENCE: Duration = Duration::from_secs(10);

/// The number of events in one page.
const PAGE: u32 = 500;

/// The most pages of one reason: 10,000 events within the hour that a cluster keeps them.
const PAGES: usize = 20;

/// The events of the last list from the API server.
#[derive(Debug)]
struct CachedEvents {
    at: Instant,
    /// `None` if the API server has never answered.
    events: Option<Arc<[Event]>>,
}

impl CachedEvents {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < FRESH
    }
}

/// The lock is held during a request, so other passes wait for the same list.
type SharedEvents = Arc<tokio::sync::Mutex<Option<CachedEvents>>>;

/// The last warnings of each namespace.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<HashMap<String, SharedEvents>>);

impl Warnings {
    /// The warnings of a namespace that explain why pods don't come up. If the API server does not
    /// answer, its previous list is returned.
    ///
    /// # Errors
    /// If the API server has never answered.
    pub(super) async fn of(&self, client: &Client, namespace: &str) -> Result<Arc<[Event]>, Error> {
        let last = self.last(namespace);
        let mut last = last.lock().await;
        if let Some(cached) = last.as_ref().filter(|cached| cached.is_fresh()) {
            return cached.events.clone().ok_or_else(|| unanswered(namespace));
        }
        let sent = Instant::now();
        let listed = timeout(PATIENCE, list(client, namespace)).await;
        let listed = listed.unwrap_or_else(|_| Err(unanswered(namespace)));
        match listed {
            Ok(events) => {
                let events: Arc<[Event]> = events.into();
                *last = Some(CachedEvents { at: sent, events: Some(Arc::clone(&events)) });
                Ok(events)
            }
            Err(error) => {
                let events = last.take().and_then(|cached| cached.events);
                *last = Some(CachedEvents { at: Instant::now(), events: events.clone() });
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, cause, "causes may be reported late");
                events.ok_or(error)
            }
        }
    }

    fn last(&self, namespace: &str) -> SharedEvents {
        let mut namespaces = self.0.lock();
        // An old list is dropped, unless a pass holds its lock.
        let is_used = |last: &SharedEvents| {
            last.try_lock().map_or(true, |last| last.as_ref().is_some_and(CachedEvents::is_fresh))
        };
        namespaces.retain(|name, last| name == namespace || is_used(last));
        Arc::clone(namespaces.entry(namespace.to_owned()).or_default())
    }
}

fn unanswered(namespace: &str) -> Error {
    Error::Unanswered(format!("listing the warnings in {namespace}"))
}

/// Lists the events of each reason on its own: in a busy namespace all events together are too
/// many.
async fn list(client: &Client, namespace: &str) -> Result<Vec<Event>, Error> {
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    let listed = CAUSES.map(|(kind, reason)| {
        let fields = format!("involvedObject.kind={kind},reason={reason}");
        pages(&api, namespace, ListParams::default().fields(&fields).limit(PAGE))
    });
    Ok(try_join_all(listed).await?.concat())
}

async fn pages(
    api: &Api<Event>,
    namespace: &str,
    mut params: ListParams,
) -> Result<Vec<Event>, Error> {
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let listed = api.list(&params).await;
        let listed = listed.map_err(doing(format!("listing the warnings in {namespace}")))?;
        found.extend(listed.items.into_iter().map(|event| Event {
            // Nothing reads the metadata: `involvedObject` names the Job or pod of the event.
            metadata: ObjectMeta::default(),
            ..event
        }));
        let Some(next) = listed.metadata.continue_.filter(|next| !next.is_empty()) else {
            return Ok(found);
        };
        params = params.continue_token(&next);
    }
    let fields = params.field_selector.unwrap_or_default();
    tracing::warn!(namespace, fields, "more warnings than are read: a cause may not be among them");
    Ok(found)
}
