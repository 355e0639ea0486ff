//! What it takes to read from servers: credentials and patience. Owns neither protocol nor objects.

use std::fmt;
use std::time::Duration;

/// How objects on servers are read.
#[derive(Debug, Clone)]
pub struct Remote {
    /// What is shown to the servers the input is on; never to those they redirect to.
    pub credentials: Option<Credentials>,
    /// How long a server that doesn't answer, or cuts its answers, is tried again.
    pub patience: Duration,
}

impl Default for Remote {
    fn default() -> Self {
        Self { credentials: None, patience: Duration::from_mins(2) }
    }
}

/// What a server asks for. Never shown.
#[derive(Clone)]
pub enum Credentials {
    /// A token, as of RFC 6750.
    Bearer(String),
    /// A name and a password, as of RFC 7617.
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

/// Whether a URI is for a server.
pub(crate) fn is_remote(uri: &str) -> bool {
    let scheme = uri.split_once("://").map_or("", |(scheme, _)| scheme);
    ["http", "https"].iter().any(|remote| remote.eq_ignore_ascii_case(scheme))
}
