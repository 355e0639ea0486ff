//! Recording events at the API server. Passes don't wait for it; an orderly stop waits for the
//! events under way. The events are made in `plan::events`.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::plan::Notice;

/// The longest that a stop waits for events. Kubernetes gives a pod 30 s to stop, and the passes
/// under way come first.
const PATIENCE: Duration = Duration::from_secs(5);

/// Records events. Clones share the events under way.
#[derive(Clone)]
pub struct EventRecorder {
    client: Client,
    reporter: Reporter,
    under_way: TaskTracker,
}

impl std::fmt::Debug for EventRecorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut recorder = f.debug_struct("EventRecorder");
        recorder.field("under_way", &self.under_way.len()).finish_non_exhaustive()
    }
}

impl EventRecorder {
    /// Creates a recorder that reports events as `instance`, the name of the pod or machine.
    pub fn new(client: Client, instance: String) -> Self {
        let controller = "trendjob-operator".to_owned();
        let reporter = Reporter { controller, instance: Some(instance) };
        Self { client, reporter, under_way: TaskTracker::new() }
    }

    /// Records events about a TrendJob, in this order, while the pass goes on. An event that is
    /// lost is not recorded again.
    pub(super) fn record(&self, about: ObjectReference, notices: Vec<Notice>) {
        if notices.is_empty() {
            return;
        }
        let (client, reporter) = (self.client.clone(), self.reporter.clone());
        let recording = async move {
            for notice in notices {
                // A reused recorder would only add 1 to the count of an earlier event with this
                // reason, and drop the new note: the result of another run, the cause of another
                // pod.
                let recorder = Recorder::new(client.clone(), reporter.clone());
                record(&recorder, &about, notice).await;
            }
        };
        self.under_way.spawn(recording.in_current_span());
    }

    /// Waits a few seconds at most for the events under way. No event may be recorded after a stop.
    pub async fn stop(&self) {
        self.under_way.close();
        if tokio::time::timeout(PATIENCE, self.under_way.wait()).await.is_err() {
            tracing::warn!(lost = self.under_way.len(), "stopping before all events are recorded");
        }
    }
}

async fn record(recorder: &Recorder, about: &ObjectReference, notice: Notice) {
    let Notice { is_warning, reason, action, note } = notice;
    if is_warning {
        tracing::warn!(reason, note, "recording an event");
    } else {
        tracing::info!(reason, note, "recording an event");
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

    /// Records two events at an API server that needs the time `takes` for each, then stops.
    /// Returns the number of events that arrived and the duration of the stop.
    async fn recorded_by_a_stop(takes: Duration) -> (usize, Duration) {
        let arrived = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&arrived);
        let service = tower::service_fn(move |request: Request<Body>| {
            let counted = Arc::clone(&counted);
            async move {
                tokio::time::sleep(takes).await;
                let event = request.into_body().collect().await.unwrap().to_bytes();
                counted.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Infallible>(Response::new(Body::from(event.to_vec())))
            }
        });
        let recorder = EventRecorder::new(Client::new(service, "default"), "here".to_owned());
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
        recorder.record(about, vec![notice("Planned"), notice("Published")]);
        recorder.stop().await;
        (arrived.load(Ordering::Relaxed), began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_waits_for_the_events_under_way_but_not_for_long() {
        let second = Duration::from_secs(1);
        assert_eq!(recorded_by_a_stop(second).await, (2, 2 * second));
        let (recorded, took) = recorded_by_a_stop(60 * second).await;
        assert_eq!(recorded, 0);
        assert!(took >= PATIENCE && took < PATIENCE + second);
    }
}
