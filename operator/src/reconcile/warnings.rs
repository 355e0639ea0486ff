//! The warnings about Jobs and pods of each namespace. Client; owns that passes share one answer: the API
//! server reads all events of a namespace for each, and hundreds of runs may wait for their pods at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::try_join_all;
use k8s_openapi::api::core::v1::Event;
use kube::Client;
use kube::api::{Api, ListParams};
use kube::core::ObjectMeta;
use tokio::time::{Instant, timeout};

use super::{Error, doing};
use crate::diagnosis::TELLING;

/// How old an answer may be.
const FRESH: Duration = Duration::from_secs(4);

/// How long an answer is waited for: a pass has more to do than to find causes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Events of one page.
const PAGE: u32 = 500;

/// The most pages of one reason: 10,000 within the hour that a cluster keeps them.
const PAGES: usize = 20;

/// What was told last.
#[derive(Debug)]
struct Told {
    at: Instant,
    /// `None` if there was no answer, and none before.
    events: Option<Arc<[Event]>>,
}

type Last = Arc<tokio::sync::Mutex<Option<Told>>>;

/// The warnings of each namespace, as they were told last.
#[derive(Debug, Default)]
pub struct Warnings {
    namespaces: Mutex<HashMap<String, Last>>,
}

impl Warnings {
    /// The warnings of a namespace that tell why pods don't come up. Who asks while another does waits for
    /// the answer to that; while there is none, what was told before counts.
    ///
    /// # Errors
    /// If nothing was ever told, and is not now.
    pub(super) async fn of(&self, client: &Client, namespace: &str) -> Result<Arc<[Event]>, Error> {
        let last = self.last(namespace);
        let mut last = last.lock().await;
        if let Some(told) = last.as_ref().filter(|told| told.is_fresh()) {
            return told.events.clone().ok_or_else(|| unanswered(namespace));
        }
        let asked = Instant::now();
        let listed = timeout(PATIENCE, list(client, namespace)).await;
        let listed = listed.unwrap_or_else(|_| Err(unanswered(namespace)));
        match listed {
            Ok(events) => {
                let events: Arc<[Event]> = events.into();
                *last = Some(Told { at: asked, events: Some(Arc::clone(&events)) });
                Ok(events)
            }
            Err(error) => {
                let events = last.take().and_then(|told| told.events);
                *last = Some(Told { at: Instant::now(), events: events.clone() });
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, cause, "causes may be told late");
                events.ok_or(error)
            }
        }
    }

    fn last(&self, namespace: &str) -> Last {
        let mut namespaces = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        // What nobody asked for lately is not kept; what somebody holds is in use.
        let is_used = |last: &Last| {
            last.try_lock().map_or(true, |last| last.as_ref().is_some_and(Told::is_fresh))
        };
        namespaces.retain(|name, last| name == namespace || is_used(last));
        Arc::clone(namespaces.entry(namespace.to_owned()).or_default())
    }
}

impl Told {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < FRESH
    }
}

fn unanswered(namespace: &str) -> Error {
    Error::Unanswered { doing: format!("listing the warnings in {namespace}") }
}

/// The events of each reason: together with others there may be too many of a busy namespace.
async fn list(client: &Client, namespace: &str) -> Result<Vec<Event>, Error> {
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    let listed = TELLING.map(|(kind, reason)| {
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
            // Who it is about says the rest.
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
