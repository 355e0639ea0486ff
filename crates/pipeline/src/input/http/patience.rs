//! The failures of requests, and how long a request is repeated. Owns the patience with one server:
//! it begins anew only with progress, so a server that gives a byte a minute ends a run, too.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::time::Instant;

use crate::Error;
use crate::cancel::Cancel;
use crate::input::remote::Remote;

/// Bytes that count as progress: the patience begins anew after as many, or after all that were
/// requested.
const PROGRESS: u64 = 256 << 10;

/// The longest time for repeating a request to a host without an address: a resolver that has
/// answered will hardly change its mind.
const UNRESOLVED: Duration = Duration::from_secs(15);

/// The time before an answer of another version is taken for a changed object. One of several
/// servers may be late, or may answer without ranges now and then.
const SECOND_LOOK: Duration = Duration::from_secs(2);

/// The failure of a request.
pub(super) enum Fault {
    /// Another request may succeed.
    Passing(io::Error),
    /// The name of the host has no address.
    Unresolved(io::Error),
    /// The answer is not of the planned object, unless a second look says otherwise.
    Changed(Error),
    /// Another request would fail, too.
    Final(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// The delays before repeated requests.
pub(super) struct Patience {
    total: Duration,
    /// The object, in messages.
    name: String,
    cancel: Cancel,
    delays: Box<dyn Iterator<Item = Duration> + Send>,
    unresolved: Box<dyn Iterator<Item = Duration> + Send>,
    /// True if the object was looked at a second time.
    looked_again: bool,
    /// Bytes since the patience began.
    received: u64,
    /// The time that requesting and reading them has taken.
    waited: Duration,
}

impl Patience {
    pub(super) fn new(remote: &Remote, cancel: &Cancel, name: &str) -> Self {
        let total = remote.patience;
        Self {
            total,
            name: name.to_owned(),
            cancel: cancel.clone(),
            delays: delays(total),
            unresolved: delays(total.min(UNRESOLVED)),
            looked_again: false,
            received: 0,
            waited: Duration::ZERO,
        }
    }

    /// Waits before the next request, for the bytes from `offset`. Fails if the fault is final or
    /// the patience is over.
    #[expect(clippy::disallowed_methods, reason = "readers of input are threads that may block")]
    pub(super) fn wait(&mut self, fault: Fault, offset: Option<u64>) -> Result<(), Error> {
        self.cancel.check()?;
        let (delay, error) = match fault {
            Fault::Final(error) => return Err(error),
            Fault::Changed(error) if self.looked_again => return Err(error),
            Fault::Changed(error) => {
                self.looked_again = true;
                (Some(SECOND_LOOK.min(self.total)), io::Error::other(error))
            }
            Fault::Passing(error) => (self.delays.next(), error),
            Fault::Unresolved(error) => (self.unresolved.next(), error),
        };
        let Some(delay) = delay else {
            return Err(Error::Read { path: PathBuf::from(&self.name), offset, source: error });
        };
        tracing::warn!(uri = self.name, %error, ?delay, "trying the server again");
        std::thread::sleep(delay);
        self.waited = Duration::ZERO;
        Ok(())
    }

    /// Reads with `read`, and counts the bytes and the time. Fails if the server is so slow that it
    /// makes no progress within the patience.
    pub(super) fn read(&mut self, read: impl FnOnce() -> io::Result<usize>) -> io::Result<usize> {
        let count = self.spend(read)?;
        self.received += count as u64;
        if self.received >= PROGRESS {
            self.renew();
        } else if self.waited > self.total {
            return Err(io::Error::other(format!(
                "the server gave {} bytes in {} s",
                self.received,
                self.waited.as_secs()
            )));
        }
        Ok(count)
    }

    /// Counts the time of a request, or of a read of its answer.
    pub(super) fn spend<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.waited += began.elapsed();
        done
    }

    /// Begins the patience anew, after progress.
    pub(super) fn renew(&mut self) {
        self.delays = delays(self.total);
        self.unresolved = delays(self.total.min(UNRESOLVED));
        self.looked_again = false;
        self.received = 0;
        self.waited = Duration::ZERO;
    }
}

/// Delays that add up to about `total`.
fn delays(total: Duration) -> Box<dyn Iterator<Item = Duration> + Send> {
    Box::new(
        ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(10))
            .with_total_delay(Some(total))
            .without_max_times()
            .with_jitter()
            .build(),
    )
}
