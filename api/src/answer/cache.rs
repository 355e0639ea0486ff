//! Answers that were given before. Owns how many are kept; one is only given again while everything
//! it was made of is what it would be made of now.

use std::sync::{Arc, Weak};

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use store::View;

use super::Answer;

/// How many bytes of answers are kept, about: those of a few thousand listings.
const BYTES: u64 = 32 << 20;

/// What an answer takes beside its body and its question.
const OVERHEAD: usize = 512;

/// The answers of a process.
#[derive(Debug)]
pub(crate) struct Answers(Cache<Box<str>, Kept, Bytes>);

/// An answer and the results it was made of, each without what was excluded then. They are told apart by where they are in memory, which a
/// weak reference keeps from being used again, without keeping what is there.
#[derive(Debug, Clone)]
struct Kept {
    answer: Arc<Answer>,
    made_of: Arc<[Weak<View>]>,
}

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<Box<str>, Kept> for Bytes {
    fn weight(&self, question: &Box<str>, kept: &Kept) -> u64 {
        (question.len() + kept.answer.size() + OVERHEAD) as u64
    }
}

impl Default for Answers {
    fn default() -> Self {
        let items = usize::try_from(BYTES).unwrap_or(usize::MAX) / 1024;
        Self(Cache::with_weighter(items, BYTES, Bytes))
    }
}

impl Answers {
    /// The answer to a question, if it was made of these results.
    pub(super) fn get(&self, question: &str, results: &[Arc<View>]) -> Option<Arc<Answer>> {
        let kept = self.0.get(question)?;
        let same = kept.made_of.len() == results.len()
            && kept
                .made_of
                .iter()
                .zip(results)
                .all(|(one, other)| one.as_ptr() == Arc::as_ptr(other));
        same.then_some(kept.answer)
    }

    /// Keeps an answer.
    pub(super) fn insert(&self, question: &str, results: &[Arc<View>], answer: &Arc<Answer>) {
        let made_of = results.iter().map(Arc::downgrade).collect();
        self.0.insert(question.into(), Kept { answer: Arc::clone(answer), made_of });
    }
}
