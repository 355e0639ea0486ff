//! The queue of TrendJobs that changed, from the watches to the controller. Owns the count of
//! TrendJobs that wait. The controller passes once over a TrendJob that was pushed twice.

use std::collections::HashSet;
use std::sync::Arc;

use futures::Stream;
use kube::runtime::reflector::ObjectRef;
use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::object::TrendJobObject;

type Name = ObjectRef<TrendJobObject>;

/// The end of the queue that the watches push to. Clones share one queue.
#[derive(Debug, Clone)]
pub struct Queue {
    waiting: Arc<Mutex<HashSet<Name>>>,
    sender: UnboundedSender<Name>,
}

impl Queue {
    /// Creates an empty queue. Returns it with the stream that the controller reads.
    pub fn new() -> (Self, impl Stream<Item = Name> + Send + 'static) {
        let (sender, receiver) = unbounded_channel();
        let changed = futures::stream::unfold(receiver, async |mut receiver| {
            let name = receiver.recv().await?;
            Some((name, receiver))
        });
        (Self { waiting: Arc::default(), sender }, changed)
    }

    /// Pushes a TrendJob. The controller takes it from the stream at once, however many passes are
    /// under way, so the length of the stream is not the number of TrendJobs that wait.
    pub fn push(&self, name: Name) {
        self.waiting.lock().insert(name.clone());
        // If the receiver is gone, the operator is stopping.
        drop(self.sender.send(name));
    }

    /// Notes that a pass over the TrendJob begins, or that none is needed.
    pub fn pass_begins(&self, name: &Name) {
        self.waiting.lock().remove(name);
    }

    /// Returns the number of TrendJobs that wait for a pass.
    pub fn depth(&self) -> usize {
        self.waiting.lock().len()
    }
}
