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
    /// responses.
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

/// Returns true if a URI is an http or https URL.
pub(crate) fn is_remote(uri: &str) -> bool {
    let scheme = uri.split_once("://").map_or("", |(scheme, _)| scheme);
    ["http", "https"].iter().any(|remote| remote.eq_ignore_ascii_case(scheme))
}
