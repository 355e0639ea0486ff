//! The cache of responses. Owns its size, and the rule that a response is used only while the views
//! that it was made from are the current ones.

use std::sync::{Arc, Weak};

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use store::View;

use super::Representation;

/// The approximate number of bytes kept: a few thousand listings.
const MAX_BYTES: u64 = 32 << 20;

/// The approximate number of bytes of an entry besides its body and its question.
const OVERHEAD: usize = 512;

/// The responses of this process, by path and query.
#[derive(Debug)]
pub(crate) struct ResponseCache(Cache<Box<str>, CacheEntry, ByteWeight>);

/// A representation and the views it was made from. Views are compared by address. A weak reference
/// keeps the address from being reused, but doesn't keep the view alive.
#[derive(Debug, Clone)]
struct CacheEntry {
    representation: Arc<Representation>,
    views: Arc<[Weak<View>]>,
}

#[derive(Debug, Clone)]
struct ByteWeight;

impl Weighter<Box<str>, CacheEntry> for ByteWeight {
    fn weight(&self, question: &Box<str>, entry: &CacheEntry) -> u64 {
        (question.len() + entry.representation.size() + OVERHEAD) as u64
    }
}

impl Default for ResponseCache {
    fn default() -> Self {
        let items = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX) / 1024;
        Self(Cache::with_weighter(items, MAX_BYTES, ByteWeight))
    }
}

impl ResponseCache {
    /// Returns the representation for a question, if it was made from these views.
    pub(super) fn get(&self, question: &str, views: &[Arc<View>]) -> Option<Arc<Representation>> {
        let entry = self.0.get(question)?;
        let pairs = entry.views.iter().zip(views);
        let is_current = entry.views.len() == views.len()
            && pairs.into_iter().all(|(one, other)| one.as_ptr() == Arc::as_ptr(other));
        is_current.then_some(entry.representation)
    }

    /// Stores a representation.
    pub(super) fn insert(
        &self,
        question: &str,
        views: &[Arc<View>],
        representation: &Arc<Representation>,
    ) {
        let views = views.iter().map(Arc::downgrade).collect();
        let representation = Arc::clone(representation);
        self.0.insert(question.into(), CacheEntry { representation, views });
    }
}
