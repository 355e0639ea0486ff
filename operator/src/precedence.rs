//! The order of requests when more wait than the API server gets at once: requests that create pods
//! go before requests that only report. Owns the time for which each kind of request lets others go
//! first; a layer of the client.
//!
//! API Priority and Fairness does not do this. It orders requests inside the API server, and only
//! when more are under way than its limit, 600 by default. Below the limit the API server serves
//! hundreds of status writes along with the one Job that a user waits for, each slower than alone.
//! It also needs `FlowSchema`s, which only an administrator of the cluster may create; without them
//! all requests of the operator are one flow and are served in the order of their arrival.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Request};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};

/// The number of requests under way at once. More would not be answered sooner, and each takes a
/// connection of its own: an API server on two cores answers this many in 30 ms.
const PERMITS: usize = 16;

/// The time for which the write of a status lets the creation of a Job go first.
const STATUS: Duration = Duration::from_secs(1);

/// The time for which an event lets the creation of a Job go first.
const EVENT: Duration = Duration::from_secs(5);

/// Returns the time for which a request lets others go first; `None` if it needs no permit. A watch
/// lasts for minutes and would hold its permit; a Lease that is renewed late is lost.
fn patience<B>(request: &Request<B>) -> Option<Duration> {
    let path = request.uri().path();
    let is_watch = request.uri().query().is_some_and(|query| query.contains("watch=true"));
    if is_watch || path.contains("/leases") {
        None
    } else if *request.method() == Method::PATCH && path.ends_with("/status") {
        Some(STATUS)
    } else if *request.method() != Method::GET && path.contains("/events") {
        Some(EVENT)
    } else {
        Some(Duration::ZERO)
    }
}

/// A semaphore that serves waiters in the order of their deadlines. Clones share the permits.
#[derive(Debug, Clone)]
struct PrioritySemaphore(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// The number of free permits.
    free: usize,
    /// The requests that wait for a permit, by their deadline and number. The earliest deadline is
    /// served first, so no request waits for ever.
    waiters: BTreeMap<(Instant, u64), oneshot::Sender<Permit>>,
    /// The number of waiters so far.
    count: u64,
}

impl PrioritySemaphore {
    fn new(permits: usize) -> Self {
        Self(Arc::new(Mutex::new(State { free: permits, waiters: BTreeMap::new(), count: 0 })))
    }

    /// Waits for a permit. A caller that stops waiting loses no permit.
    async fn acquire(&self, patience: Duration) -> Permit {
        let permit = {
            let mut state = self.0.lock();
            if state.free > 0 {
                state.free -= 1;
                return Permit(self.clone());
            }
            let (sender, permit) = oneshot::channel();
            state.count += 1;
            let key = (Instant::now() + patience, state.count);
            state.waiters.insert(key, sender);
            permit
        };
        // A waiter is dropped without a permit only if its receiver is gone, and this one is not.
        permit.await.unwrap_or_else(|_| Permit(self.clone()))
    }

    /// Gives a released permit to the first waiter.
    fn release(&self) {
        let next = {
            let mut state = self.0.lock();
            let next = std::iter::from_fn(|| state.waiters.pop_first())
                .map(|(_, permit)| permit)
                .find(|permit| !permit.is_closed());
            if next.is_none() {
                state.free += 1;
            }
            next
        };
        // If the receiver has gone meanwhile, `send` returns the permit, and its drop releases it.
        if let Some(next) = next {
            drop(next.send(Permit(self.clone())));
        }
    }
}

/// The right to send a request, until it is dropped.
#[derive(Debug)]
struct Permit(PrioritySemaphore);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// A layer that sends the requests of a client in order of precedence.
#[derive(Debug, Clone)]
pub(crate) struct PrecedenceLayer(PrioritySemaphore);

impl Default for PrecedenceLayer {
    fn default() -> Self {
        Self(PrioritySemaphore::new(PERMITS))
    }
}

impl<S> Layer<S> for PrecedenceLayer {
    type Service = PrecedenceService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        PrecedenceService { inner, semaphore: self.0.clone() }
    }
}

/// A client whose requests wait for a permit.
#[derive(Debug, Clone)]
pub(crate) struct PrecedenceService<S> {
    inner: S,
    semaphore: PrioritySemaphore,
}

impl<S, B> Service<Request<B>> for PrecedenceService<S>
where
    S: Service<Request<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (semaphore, patience) = (self.semaphore.clone(), patience(&request));
        // The client sends nothing before this future is polled.
        let answer = self.inner.call(request);
        Box::pin(async move {
            let _permit = match patience {
                Some(patience) => Some(semaphore.acquire(patience).await),
                None => None,
            };
            answer.await.map_err(Into::into)
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
    use tokio::task::yield_now;

    use super::*;

    fn request(method: Method, uri: &str) -> Request<()> {
        Request::builder().method(method).uri(uri).body(()).unwrap()
    }

    /// Spawns a request that waits with this patience and sends its name once it has a permit.
    async fn wait(
        semaphore: &PrioritySemaphore,
        patience: Duration,
        name: &'static str,
        served: &UnboundedSender<&'static str>,
    ) {
        let (semaphore, served) = (semaphore.clone(), served.clone());
        tokio::spawn(async move {
            let _permit = semaphore.acquire(patience).await;
            served.send(name).unwrap();
        });
        yield_now().await;
    }

    async fn order(mut served: UnboundedReceiver<&'static str>, count: usize) -> Vec<&'static str> {
        let mut names = Vec::new();
        while names.len() < count {
            names.push(served.recv().await.unwrap());
        }
        names
    }

    #[test]
    fn watches_and_leases_do_not_wait_and_reports_wait_for_the_rest() {
        let leases = "/apis/coordination.k8s.io/v1/namespaces/a/leases/trendjob-operator";
        let jobs = "/apis/batch/v1/jobs";
        let status = "/apis/trendjob.dev/v1alpha1/namespaces/a/trendjobs/x/status?force=true";
        let events = "/apis/events.k8s.io/v1/namespaces/a/events";
        let waits = [
            (request(Method::GET, "/apis/batch/v1/jobs?limit=5&watch=true"), None),
            (request(Method::PATCH, leases), None),
            (request(Method::GET, jobs), Some(Duration::ZERO)),
            (request(Method::POST, jobs), Some(Duration::ZERO)),
            (request(Method::PATCH, status), Some(STATUS)),
            (request(Method::POST, events), Some(EVENT)),
            (request(Method::GET, events), Some(Duration::ZERO)),
        ];
        for (request, expected) in waits {
            assert_eq!(patience(&request), expected, "{} {}", request.method(), request.uri());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn patient_requests_let_others_go_first_and_equal_ones_keep_their_order() {
        let semaphore = PrioritySemaphore::new(1);
        let (sender, served) = unbounded_channel();
        let permit = semaphore.acquire(Duration::ZERO).await;
        wait(&semaphore, EVENT, "event", &sender).await;
        wait(&semaphore, STATUS, "status", &sender).await;
        wait(&semaphore, Duration::ZERO, "job", &sender).await;
        wait(&semaphore, Duration::ZERO, "another job", &sender).await;
        drop(permit);
        assert_eq!(order(served, 4).await, ["job", "another job", "status", "event"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_past_its_deadline_goes_before_later_ones() {
        let semaphore = PrioritySemaphore::new(1);
        let (sender, served) = unbounded_channel();
        let permit = semaphore.acquire(Duration::ZERO).await;
        wait(&semaphore, STATUS, "status", &sender).await;
        tokio::time::advance(STATUS * 2).await;
        wait(&semaphore, Duration::ZERO, "job", &sender).await;
        drop(permit);
        assert_eq!(order(served, 2).await, ["status", "job"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_stops_waiting_loses_no_permit() {
        let semaphore = PrioritySemaphore::new(2);
        let permits =
            (semaphore.acquire(Duration::ZERO).await, semaphore.acquire(Duration::ZERO).await);
        for _ in 0..5 {
            let waiting = tokio::spawn({
                let semaphore = semaphore.clone();
                async move { drop(semaphore.acquire(Duration::ZERO).await) }
            });
            yield_now().await;
            waiting.abort();
            drop(waiting.await);
        }
        // This waiter is sent a permit, and is dropped before it receives it.
        let mut waiting = Box::pin(semaphore.acquire(Duration::ZERO));
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(permits);
        drop(waiting);
        assert_eq!(semaphore.0.lock().free, 2);
    }
}
