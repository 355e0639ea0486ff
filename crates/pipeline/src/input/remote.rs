//! The settings for reading from servers: credentials and patience. Knows neither the protocol nor
//! objects.

use std::fmt;
use std::time::Duration;

/// The settings for reading objects from servers.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Credentials for the servers of the input; servers that they redirect to never get them.
    pub credentials: Option<Credentials>,
    /// The longest time for repeating requests to a server that doesn't answer or breaks off its
    /// answers, and for the least progress of an answer. It begins anew with every 256 KiB.
    pub patience: Duration,
}

impl Default for Remote {
    fn default() -> Self {
        Self { credentials: None, patience: Duration::from_mins(2) }
    }
}

/// Credentials for a server. `Debug` never shows them.
#[derive(Clone)]
pub enum Credentials {
    /// A token (RFC 6750).
    Bearer(String),
    /// A name and a password (RFC 7617).
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bearer(_) => "Bearer(..)",
            Self::Basic { .. } => "Basic(..)",
        })
    }
}
