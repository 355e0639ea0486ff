//! The settings of the API. Owns their defaults.

use std::time::Duration;

use crate::cors::Origin;

/// The settings of the API.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The most requests that are answered at once.
    pub concurrency: usize,
    /// The most requests that wait; further ones are turned away.
    pub queue: usize,
    /// The longest time for a request, waiting included.
    pub timeout: Duration,
    /// The origins whose pages may read answers.
    pub origins: Vec<Origin>,
}

impl Settings {
    /// The default of `concurrency`: far more than cores, because a request that waits for the
    /// store needs no core.
    pub const CONCURRENCY: usize = 256;
    /// The default of `queue`.
    pub const QUEUE: usize = 256;
    /// The default of `timeout`, in seconds.
    pub const TIMEOUT: u64 = 10;
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: Self::CONCURRENCY,
            queue: Self::QUEUE,
            timeout: Duration::from_secs(Self::TIMEOUT),
            origins: Vec::new(),
        }
    }
}
