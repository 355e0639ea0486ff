//! The warnings about Jobs and pods of each namespace. Client; owns that passes share one answer: the API
//! server reads all events of a namespace for each, and hundreds of runs may wait for their pods at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Event;
use kube::Client;
use kube::api::{Api, ListParams};
use kube::core::ObjectMeta;
use tokio::time::Instant;

use super::{Error, doing};
use crate::diagnosis::is_telling;

/// How old an answer may be.
const FRESH: Duration = Duration::from_secs(4);

/// Events of one page.
const PAGE: u32 = 500;

/// The most pages: 10,000 warnings of one namespace within the hour that they are kept.
const PAGES: usize = 20;

/// What was told last, and when it was asked for.
type Answer = Option<(Instant, Arc<[Event]>)>;

/// The warnings of each namespace, as they were told last.
#[derive(Debug, Default)]
pub struct Warnings {
    namespaces: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Answer>>>>,
}

impl Warnings {
    /// The warnings of a namespace that tell why pods don't come up. Who asks while another does waits for
    /// the answer to that.
    pub(super) async fn of(&self, client: &Client, namespace: &str) -> Result<Arc<[Event]>, Error> {
        let last = {
            let mut namespaces = self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
            // What nobody asked for lately is not kept; what somebody holds is in use.
            namespaces.retain(|name, last| {
                name == namespace || last.try_lock().map_or(true, |last| fresh(&last).is_some())
            });
            Arc::clone(namespaces.entry(namespace.to_owned()).or_default())
        };
        let mut last = last.lock().await;
        if let Some(events) = fresh(&last) {
            return Ok(events);
        }
        let asked = Instant::now();
        let events: Arc<[Event]> = list(client, namespace).await?.into();
        *last = Some((asked, Arc::clone(&events)));
        Ok(events)
    }
}

fn fresh(last: &Answer) -> Option<Arc<[Event]>> {
    let (asked, events) = last.as_ref()?;
    (asked.elapsed() < FRESH).then(|| Arc::clone(events))
}

async fn list(client: &Client, namespace: &str) -> Result<Vec<Event>, Error> {
    let api: Api<Event> = Api::namespaced(client.clone(), namespace);
    let mut params = ListParams::default().fields("type=Warning").limit(PAGE);
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let listed = api.list(&params).await;
        let listed = listed.map_err(doing(format!("listing the warnings in {namespace}")))?;
        found.extend(listed.items.into_iter().filter(is_telling).map(|mut event| {
            event.metadata = ObjectMeta::default();
            event
        }));
        let Some(next) = listed.metadata.continue_.filter(|next| !next.is_empty()) else {
            return Ok(found);
        };
        params = params.continue_token(&next);
    }
    tracing::warn!(namespace, "more warnings than are read: a cause may not be among them");
    Ok(found)
}
