//! Which request goes first when there are more than the API server is sent at once: what pods wait for
//! before what is only told. Owns how long each kind of request may wait for others; a layer of the client.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Request};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};

/// So many requests are under way at once. More would not be answered sooner, each on a connection of its
/// own: an API server on two cores answers this many in 30 ms.
const AT_ONCE: usize = 16;

/// How much later than a Job that is to be made a status may be written.
const STATUS: Duration = Duration::from_secs(1);

/// And an event be told.
const EVENT: Duration = Duration::from_secs(5);

/// How long a request lets others go first, or `None` if it waits for nothing: watches last, and a Lease
/// that is renewed late is lost.
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

/// The requests under way and those that wait. Clones share.
#[derive(Debug, Clone)]
struct Turns(Arc<Mutex<Line>>);

#[derive(Debug)]
struct Line {
    free: usize,
    waiting: BinaryHeap<Reverse<Waiting>>,
    came: u64,
}

/// One that waits. Whose time is over first goes first, so nobody waits for ever.
#[derive(Debug)]
struct Waiting {
    until: Instant,
    number: u64,
    turn: oneshot::Sender<Turn>,
}

impl Waiting {
    fn order(&self) -> (Instant, u64) {
        (self.until, self.number)
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Waiting {}

impl Turns {
    fn new(at_once: usize) -> Self {
        Self(Arc::new(Mutex::new(Line { free: at_once, waiting: BinaryHeap::new(), came: 0 })))
    }

    /// Waits for a turn. Who stops waiting loses nobody's turn.
    async fn take(&self, patience: Duration) -> Turn {
        let turn = {
            let mut line = self.lock();
            if line.free > 0 {
                line.free -= 1;
                return Turn(self.clone());
            }
            let (sender, turn) = oneshot::channel();
            line.came += 1;
            let until = Instant::now() + patience;
            let waiting = Waiting { until, number: line.came, turn: sender };
            line.waiting.push(Reverse(waiting));
            turn
        };
        // The line, which this holds, drops no other end unless nobody waits at this one.
        turn.await.unwrap_or_else(|_| Turn(self.clone()))
    }

    /// Gives a turn that is over to the next.
    fn give(&self) {
        let next = {
            let mut line = self.lock();
            let next = std::iter::from_fn(|| line.waiting.pop())
                .map(|Reverse(waiting)| waiting.turn)
                .find(|turn| !turn.is_closed());
            if next.is_none() {
                line.free += 1;
            }
            next
        };
        // One that stops waiting just now drops its turn, which is then given on.
        if let Some(next) = next {
            drop(next.send(Turn(self.clone())));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to ask, until it is dropped.
#[derive(Debug)]
struct Turn(Turns);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.give();
    }
}

/// Lets the requests of a client go in order of precedence.
#[derive(Debug, Clone)]
pub(crate) struct PrecedenceLayer(Turns);

impl Default for PrecedenceLayer {
    fn default() -> Self {
        Self(Turns::new(AT_ONCE))
    }
}

impl<S> Layer<S> for PrecedenceLayer {
    type Service = PrecedenceService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        PrecedenceService { inner, turns: self.0.clone() }
    }
}

/// A client whose requests wait for their turn.
#[derive(Debug, Clone)]
pub(crate) struct PrecedenceService<S> {
    inner: S,
    turns: Turns,
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
        let (turns, patience) = (self.turns.clone(), patience(&request));
        // Nothing is sent before this is polled.
        let answer = self.inner.call(request);
        Box::pin(async move {
            let _turn = match patience {
                Some(patience) => Some(turns.take(patience).await),
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

    /// Waits in line with this patience and says so when it is its turn.
    async fn wait(turns: &Turns, patience: Duration, name: &'static str, said: &Said) {
        let (turns, said) = (turns.clone(), said.clone());
        tokio::spawn(async move {
            let _turn = turns.take(patience).await;
            said.send(name).unwrap();
        });
        yield_now().await;
    }

    type Said = UnboundedSender<&'static str>;

    async fn order(mut heard: UnboundedReceiver<&'static str>, count: usize) -> Vec<&'static str> {
        let mut names = Vec::new();
        while names.len() < count {
            names.push(heard.recv().await.unwrap());
        }
        names
    }

    #[test]
    fn watches_and_leases_wait_for_nothing_and_what_is_only_told_waits_for_the_rest() {
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
    async fn what_may_wait_lets_others_go_first_and_equals_go_in_the_order_they_came() {
        let turns = Turns::new(1);
        let (said, heard) = unbounded_channel();
        let held = turns.take(Duration::ZERO).await;
        wait(&turns, EVENT, "event", &said).await;
        wait(&turns, STATUS, "status", &said).await;
        wait(&turns, Duration::ZERO, "job", &said).await;
        wait(&turns, Duration::ZERO, "another job", &said).await;
        drop(held);
        assert_eq!(order(heard, 4).await, ["job", "another job", "status", "event"]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_waited_long_enough_goes_before_who_came_later() {
        let turns = Turns::new(1);
        let (said, heard) = unbounded_channel();
        let held = turns.take(Duration::ZERO).await;
        wait(&turns, STATUS, "status", &said).await;
        tokio::time::advance(STATUS * 2).await;
        wait(&turns, Duration::ZERO, "job", &said).await;
        drop(held);
        assert_eq!(order(heard, 2).await, ["status", "job"]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_stops_waiting_takes_no_turn_along() {
        let turns = Turns::new(2);
        let held = (turns.take(Duration::ZERO).await, turns.take(Duration::ZERO).await);
        for _ in 0..5 {
            let waiting = tokio::spawn({
                let turns = turns.clone();
                async move { drop(turns.take(Duration::ZERO).await) }
            });
            yield_now().await;
            waiting.abort();
            drop(waiting.await);
        }
        // One that is given a turn and goes before it takes it.
        let mut given = Box::pin(turns.take(Duration::ZERO));
        assert!(futures::poll!(&mut given).is_pending());
        drop(held);
        drop(given);
        assert_eq!(turns.lock().free, 2);
    }
}
