//! Reads that come after this process's own writes, whichever server answers. Owns the time of the
//! last write.
//!
//! The logs rest on an order: a writer inserts its own value and then looks for another's, and the
//! other does the same the other way round, so at least one of them sees both. A majority write and
//! a majority read keep that order as long as one server answers both. A router with a stale view,
//! or a primary that was elected in between, may answer the read from a state before the write. So
//! a read names the time of the last write, and the server waits until it knows that time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mongodb::bson::Timestamp;
use mongodb::error::Result;
use mongodb::{Client, ClientSession};

/// The time of the last write of a store, shared by its clones. Servers without a clock of the
/// cluster, which have one server only, never tell a time, and reads don't wait for one.
#[derive(Debug, Clone, Default)]
pub(super) struct LastWrite {
    /// The time as one number, seconds first; 0 before the first write.
    time: Arc<AtomicU64>,
    /// True once the server has refused sessions, or reads that wait.
    is_refused: Arc<AtomicBool>,
}

impl LastWrite {
    /// Returns a session for a write, or `None` if the server has none.
    pub(super) async fn of_write(&self, client: &Client) -> Result<Option<ClientSession>> {
        if self.is_refused.load(Ordering::Relaxed) {
            return Ok(None);
        }
        client.start_session().await.map(Some)
    }

    /// Returns a session for a read that waits for the last write, or `None` if there is nothing to
    /// wait for.
    pub(super) async fn of_read(&self, client: &Client) -> Result<Option<ClientSession>> {
        let time = self.time.load(Ordering::SeqCst);
        if time == 0 || self.is_refused.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let mut session = client.start_session().await?;
        // The number was made of two of 32 bits.
        let (time, increment) = ((time >> 32) as u32, time as u32);
        session.advance_operation_time(Timestamp { time, increment });
        Ok(Some(session))
    }

    /// Keeps the time that the server told for the write of a session, if it is the latest.
    pub(super) fn note(&self, session: &ClientSession) {
        if let Some(Timestamp { time, increment }) = session.operation_time() {
            let time = u64::from(time) << 32 | u64::from(increment);
            self.time.fetch_max(time, Ordering::SeqCst);
        }
    }

    /// Reads don't wait from here on.
    pub(super) fn refuse(&self, error: &mongodb::error::Error) {
        let error = super::fault::message(error);
        tracing::warn!(error, "this server does not wait with reads for the last write");
        self.is_refused.store(true, Ordering::Relaxed);
    }
}
