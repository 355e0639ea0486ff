//! The patterns of texts with a fixed form, and the match of a text with a pattern. In the API
//! server's engine and in this one, `$` matches the end of the text only. Owns the patterns;
//! doesn't know which field has which.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use regex::Regex;

/// Names of Kubernetes objects (RFC 1123 subdomains).
pub(crate) const OBJECT_NAME: &str = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";
/// Keys of Secrets and `ConfigMap`s.
pub(crate) const SECRET_KEY: &str = "^[-._a-zA-Z0-9]+$";
/// Names of databases.
pub(crate) const DATABASE: &str = "^[a-zA-Z0-9_-]+$";
/// Names of environment variables.
pub(crate) const ENVIRONMENT: &str = "^[-._a-zA-Z][-._a-zA-Z0-9]*$";
/// Names of managers: a domain, a slash and a path.
pub(crate) const MANAGER: &str = "^[^/]+/[^/]+$";
/// Language codes of two or three letters.
pub(crate) const LANGUAGE: &str = "^[a-z]{2,3}$";
/// Names of sources.
pub(crate) const SOURCE: &str = "^[a-z0-9][a-z0-9-]{0,62}$";

/// Returns true if a text matches a pattern. A pattern that is no regular expression allows every
/// text; a test shows that the schema has no such pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    // Each pattern is compiled once: a list may have 1,000 URIs to match.
    static COMPILED: Mutex<BTreeMap<String, Option<Regex>>> = Mutex::new(BTreeMap::new());
    // After a panic of another thread the map is whole: a pattern is inserted once compiled.
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let regex = compiled.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).ok());
    regex.as_ref().is_none_or(|regex| regex.is_match(text))
}
