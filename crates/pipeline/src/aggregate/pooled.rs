//! The pooled dispersion of terms. Owns when it is gathered.

use std::collections::BTreeMap;

use trends::Kind;
use trends::scores::{PooledDispersion, Totals};
use trends::window::WindowTotals;

use crate::plan::Analysis;

/// The dispersion of terms by kind.
pub(super) type Pooled = BTreeMap<Kind, PooledDispersion>;

/// Returns the totals of the run's windows, `None` without a score over time.
pub(crate) fn timed_totals(analysis: &Analysis, totals: &WindowTotals) -> Option<Totals> {
    let is_timed = analysis.scores.iter().any(|score| score.needs_window());
    if is_timed { Totals::of(analysis.window, totals) } else { None }
}
