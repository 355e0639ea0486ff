//! The buckets that rows are in, by number, so that a bucket takes four bytes in a row's key.

use std::collections::HashMap;

use crate::Bucket;

/// Buckets by number.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    /// In the order of their numbers.
    pub(super) all: Vec<Bucket>,
    numbers: HashMap<Bucket, u32>,
    /// The number of [`Bucket::WHOLE`], once a row needed it.
    whole: Option<u32>,
}

impl Buckets {
    /// The number of [`Bucket::WHOLE`].
    pub(super) fn whole(&mut self) -> u32 {
        if let Some(whole) = self.whole {
            return whole;
        }
        let whole = self.number(Bucket::WHOLE);
        self.whole = Some(whole);
        whole
    }

    /// The number of a bucket.
    pub(super) fn number(&mut self, bucket: Bucket) -> u32 {
        // There are fewer buckets than records between two drains.
        *self.numbers.entry(bucket).or_insert_with(|| {
            self.all.push(bucket);
            self.all.len() as u32 - 1
        })
    }

    /// Returns true if `number` is the number of `bucket`.
    pub(super) fn is(&self, number: u32, bucket: Bucket) -> bool {
        self.all.get(number as usize) == Some(&bucket)
    }
}
