//! How the API serves, as numbers and names. Owns the defaults.

use std::time::Duration;

use crate::cors::Origin;

/// What may be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Requests answered at once.
    pub concurrency: usize,
    /// Requests that wait for that; any more are turned away.
    pub queue: usize,
    /// How long a request may take, waiting included.
    pub timeout: Duration,
    /// Origins whose pages may read the answers.
    pub origins: Vec<Origin>,
}

impl Settings {
    /// Requests answered at once unless something else is asked for: far more than cores, because
    /// one that waits for the store takes nothing else.
    pub const CONCURRENCY: usize = 256;
    /// Requests that wait.
    pub const QUEUE: usize = 256;
    /// How long a request may take, in seconds.
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
