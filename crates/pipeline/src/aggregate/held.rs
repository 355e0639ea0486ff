//! Which term merged rows are of, and holding back those of one until there are enough of it. Owns when a
//! term changes; knows nothing of what its rows are made into.

use trends::{Kind, Row, RowRef};

/// The term that the last row was of.
#[derive(Debug, Default)]
pub(super) struct CurrentTerm {
    kind: Option<Kind>,
    term: Vec<u8>,
}

impl CurrentTerm {
    /// Whether a row is of another term than the one before, if any; it is the last then.
    pub(super) fn changes_to(&mut self, row: &RowRef<'_>) -> bool {
        if (self.kind, self.term.as_slice()) == (Some(row.kind), row.term) {
            return false;
        }
        self.kind = Some(row.kind);
        self.term.clear();
        self.term.extend_from_slice(row.term);
        true
    }
}

/// Holds back the rows of a term until it occurred often enough.
#[derive(Debug)]
pub(super) struct Held {
    least: u64,
    current: CurrentTerm,
    rows: Vec<Row>,
    seen: u64,
}

impl Held {
    /// For terms that occur at least so often.
    pub(super) fn below(least: u64) -> Self {
        Self { least, current: CurrentTerm::default(), rows: Vec::new(), seen: 0 }
    }

    /// The rows that were held back, which go before this one; `None` if this one is, too. Those of a term
    /// that stays below are dropped.
    pub(super) fn add(&mut self, row: &RowRef<'_>) -> Option<Vec<Row>> {
        if self.current.changes_to(row) {
            self.rows.clear();
            self.seen = 0;
        }
        self.seen += row.count;
        if self.seen < self.least {
            self.rows.push(row.to_row());
            return None;
        }
        Some(std::mem::take(&mut self.rows))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use trends::Bucket;

    use super::*;

    proptest! {
        #[test]
        fn what_goes_on_are_the_rows_of_terms_that_occur_often_enough(
            counts in prop::collection::btree_map(
                ("[ab]{1,2}", -3_i64..3),
                1_u64..4,
                0..20,
            ),
            least in 0_u64..6,
        ) {
            let rows: Vec<_> = counts
                .into_iter()
                .map(|((term, bucket), count)| Row {
                    kind: Kind::Word,
                    term: term.into_bytes(),
                    bucket: Bucket(bucket),
                    count,
                    documents: 1,
                    detail: Vec::new(),
                })
                .collect();
            let all = |term: &[u8]| -> u64 {
                rows.iter().filter(|row| row.term == term).map(|row| row.count).sum()
            };
            let expected: Vec<_> =
                rows.iter().filter(|row| all(&row.term) >= least).cloned().collect();
            let mut held = Held::below(least);
            let mut found = Vec::new();
            for row in &rows {
                if let Some(before) = held.add(&row.as_ref()) {
                    found.extend(before);
                    found.push(row.clone());
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
