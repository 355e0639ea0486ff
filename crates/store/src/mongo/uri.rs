//! The address of a database, which contains its password. Ensures that the password is never
//! shown.

use std::fmt;

/// A connection string, as `mongodb://user:password@host/`.
#[derive(Clone)]
pub struct MongoUri(String);

impl MongoUri {
    /// A connection string, without the white space around it that files have.
    pub fn new(uri: &str) -> Self {
        Self(uri.trim().to_owned())
    }

    pub(super) fn secret(&self) -> &str {
        &self.0
    }

    /// The hosts, without user, password and options.
    pub(super) fn hosts(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let authority = rest.get(..end).unwrap_or_default();
        authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts)
    }

    /// The text without the user and the password.
    pub(super) fn scrub(&self, text: &str) -> String {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        let Some((credentials, _)) = rest.rsplit_once('@') else {
            return text.replace(&self.0, "...");
        };
        let password = credentials.split_once(':').map_or("", |(_, password)| password);
        let mut scrubbed = text.replace(&self.0, "...").replace(credentials, "...");
        if !password.is_empty() {
            scrubbed = scrubbed.replace(password, "...");
        }
        scrubbed
    }
}

impl fmt::Debug for MongoUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MongoUri({})", self.hosts())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_shown_and_nothing_else() {
        for (uri, hosts) in [
            ("mongodb://localhost:27017", "localhost:27017"),
            ("mongodb://user:p%40ss@a:1,b:2/db?replicaSet=x", "a:1,b:2"),
            ("mongodb+srv://user:secret@cluster.example/?w=1", "cluster.example"),
            ("nonsense", ""),
            (" mongodb://a/\n", "a"),
        ] {
            let uri = MongoUri::new(uri);
            assert_eq!(uri.hosts(), hosts);
            assert_eq!(format!("{uri:?}"), format!("MongoUri({hosts})"));
        }
    }

    #[test]
    fn messages_lose_user_and_password() {
        let uri = MongoUri::new("mongodb://user:secret@host/x");
        for text in ["mongodb://user:secret@host/x is bad", "user:secret@host", "it's secret"] {
            assert!(!uri.scrub(text).contains("secret"), "{text}");
        }
    }
}
