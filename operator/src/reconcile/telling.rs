//! Telling people: events are recorded while passes go on, so that none waits for them, and an
//! orderly end waits for those under way. Owns that; what is told is `plan::events`'.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::plan::Notice;

/// How long an end waits for what is being told. Kubernetes gives a pod 30 s to stop, and passes under
/// way come first.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells events. Clones share what is under way.
#[derive(Clone)]
pub struct Telling {
    client: Client,
    reporter: Reporter,
    under_way: TaskTracker,
}

impl std::fmt::Debug for Telling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telling").field("under_way", &self.under_way.len()).finish_non_exhaustive()
    }
}

impl Telling {
    /// Tells in the name of `instance`, the pod or the machine.
    pub fn new(client: Client, instance: String) -> Self {
        let controller = "trendjob-operator".to_owned();
        let reporter = Reporter { controller, instance: Some(instance) };
        Self { client, reporter, under_way: TaskTracker::new() }
    }

    /// Tells of an object, in the order given, while the pass goes on. What is lost is no reason to do
    /// anything again.
    pub(super) fn tell(&self, about: ObjectReference, notices: Vec<Notice>) {
        if notices.is_empty() {
            return;
        }
        let (client, reporter) = (self.client.clone(), self.reporter.clone());
        let telling = async move {
            for notice in notices {
                // A recorder that remembers counts a second one of a reason with the note of the first:
                // another run's result, another file.
                let recorder = Recorder::new(client.clone(), reporter.clone());
                tell(&recorder, &about, notice).await;
            }
        };
        self.under_way.spawn(telling.in_current_span());
    }

    /// Waits until all is told, but not for long. Nothing more may be told then.
    pub async fn end(&self) {
        self.under_way.close();
        if tokio::time::timeout(PATIENCE, self.under_way.wait()).await.is_err() {
            tracing::warn!(lost = self.under_way.len(), "stopping before all events are recorded");
        }
    }
}

async fn tell(recorder: &Recorder, about: &ObjectReference, notice: Notice) {
    let Notice { is_warning, reason, action, note } = notice;
    if is_warning {
        tracing::warn!(reason, note, "told");
    } else {
        tracing::info!(reason, note, "told");
    }
    let event = Event {
        type_: if is_warning { EventType::Warning } else { EventType::Normal },
        reason,
        note: Some(note),
        action: action.to_owned(),
        secondary: None,
    };
    if let Err(error) = recorder.publish(&event, about).await {
        tracing::warn!(%error, reason = event.reason, "an event was not recorded");
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use http::{Request, Response};
    use http_body_util::BodyExt as _;
    use kube::client::Body;
    use tokio::time::Instant;

    use super::*;

    /// Tells two events to an API server that takes its time, ends, and says how many were recorded and
    /// how long the end took.
    async fn told_by_an_end(takes: Duration) -> (usize, Duration) {
        let recorded = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&recorded);
        let service = tower::service_fn(move |request: Request<Body>| {
            let counted = Arc::clone(&counted);
            async move {
                tokio::time::sleep(takes).await;
                let event = request.into_body().collect().await.unwrap().to_bytes();
                counted.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Infallible>(Response::new(Body::from(event.to_vec())))
            }
        });
        let telling = Telling::new(Client::new(service, "default"), "here".to_owned());
        let about = ObjectReference {
            name: Some("job".to_owned()),
            namespace: Some("team".to_owned()),
            ..ObjectReference::default()
        };
        let notice = |reason: &str| Notice {
            is_warning: false,
            reason: reason.to_owned(),
            action: "Plan",
            note: String::new(),
        };
        let began = Instant::now();
        telling.tell(about, vec![notice("Planned"), notice("Published")]);
        telling.end().await;
        (recorded.load(Ordering::Relaxed), began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_waits_for_what_is_being_told_but_not_for_long() {
        let second = Duration::from_secs(1);
        assert_eq!(told_by_an_end(second).await, (2, 2 * second));
        let (recorded, took) = told_by_an_end(60 * second).await;
        assert_eq!(recorded, 0);
        assert!(took >= PATIENCE && took < PATIENCE + second);
    }
}
