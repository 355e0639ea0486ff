//! The pooled dispersion of terms. Owns when it is gathered and how markers write it.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use trends::Kind;
use trends::digest::hex;
use trends::scores::{BucketTotal, PooledDispersion, Totals};
use trends::window::{WindowTotal, WindowTotals};

use crate::plan::Analysis;

/// The dispersion of terms by kind: its bytes as hexadecimal digits.
pub(super) type Pooled = BTreeMap<Kind, String>;

/// The totals of the run's windows, `None` where no scores over time are asked for.
pub(crate) fn timed_totals(analysis: &Analysis, totals: &WindowTotals) -> Option<Totals> {
    let window = analysis.window.and_then(|window| u32::try_from(window).ok());
    let is_asked = analysis.scores.iter().any(|score| score.needs_window());
    let window = window.and_then(NonZeroU32::new).filter(|_| is_asked)?;
    let total = |(bucket, total): (&i64, &WindowTotal)| BucketTotal {
        bucket: *bucket,
        documents: total.documents,
        with_author: total.with_author,
    };
    Some(Totals::new(window, totals.0.iter().map(total)))
}

/// The bytes of a pooled dispersion, in hexadecimal digits.
pub(crate) fn pooled_digits(pooled: &PooledDispersion) -> String {
    let mut bytes = Vec::new();
    pooled.encode(&mut bytes);
    hex(&bytes)
}
