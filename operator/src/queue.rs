//! The TrendJobs that something happened to, on their way to the controller, which does one that was
//! told twice once. Owns how many wait.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures::Stream;
use kube::runtime::reflector::ObjectRef;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::object::TrendJobObject;

type Name = ObjectRef<TrendJobObject>;

/// Where watches put TrendJobs. Clones share one queue.
#[derive(Debug, Clone)]
pub struct Queue {
    waiting: Arc<Mutex<HashSet<Name>>>,
    sender: UnboundedSender<Name>,
}

impl Queue {
    /// An empty queue, and its other end.
    pub fn new() -> (Self, impl Stream<Item = Name> + Send + 'static) {
        let (sender, receiver) = unbounded_channel();
        let waiting = Arc::<Mutex<HashSet<Name>>>::default();
        let queue = Self { waiting: Arc::clone(&waiting), sender };
        (queue, out(receiver))
    }

    /// Puts one in. The controller takes it out at once, however many passes it has under way.
    pub fn push(&self, name: Name) {
        self.lock().insert(name.clone());
        // Without a receiver the operator is stopping.
        drop(self.sender.send(name));
    }

    /// A pass over it begins, or there is none to be made.
    pub fn begun(&self, name: &Name) {
        self.lock().remove(name);
    }

    /// How many wait for a pass.
    pub fn depth(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<Name>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn out(receiver: UnboundedReceiver<Name>) -> impl Stream<Item = Name> + Send + 'static {
    futures::stream::unfold(receiver, async |mut receiver| {
        let name = receiver.recv().await?;
        Some((name, receiver))
    })
}
