//! Dropping the rows of terms that occur too rarely. Owns the comparison of each merged row's term
//! with that of the row before; doesn't know what becomes of the rows.

use trends::{Kind, Row, RowRef};

/// The term of the last row.
#[derive(Debug, Default)]
pub(super) struct CurrentTerm {
    kind: Option<Kind>,
    term: Vec<u8>,
}

impl CurrentTerm {
    /// Takes the term of the next row. Returns true if it differs from the term of the row before.
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

/// A filter that holds back the rows of a term until its count reaches a minimum, and drops the
/// rows of a term whose count stays below.
#[derive(Debug)]
pub(super) struct RareTermFilter {
    minimum: u64,
    current: CurrentTerm,
    /// The rows of the current term, in order, until it reaches the minimum.
    held_back: Vec<Row>,
    /// The count of the current term so far.
    count: u64,
}

impl RareTermFilter {
    /// Creates a filter for terms with a count of at least `minimum`.
    pub(super) fn new(minimum: u64) -> Self {
        Self { minimum, current: CurrentTerm::default(), held_back: Vec::new(), count: 0 }
    }

    /// Takes the next row. Returns the rows of its term that were held back and go before it, or
    /// `None` if it is held back, too.
    pub(super) fn add(&mut self, row: &RowRef<'_>) -> Option<Vec<Row>> {
        if self.current.changes_to(row) {
            self.held_back.clear();
            self.count = 0;
        }
        self.count += row.count;
        if self.count < self.minimum {
            self.held_back.push(row.to_row());
            return None;
        }
        Some(std::mem::take(&mut self.held_back))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use trends::Bucket;

    use super::*;

    proptest! {
        #[test]
        fn only_rows_of_terms_that_reach_the_minimum_pass_in_their_order(
            counts in prop::collection::btree_map(
                ("[ab]{1,2}", -3_i64..3),
                1_u64..4,
                0..20,
            ),
            minimum in 0_u64..6,
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
                rows.iter().filter(|row| all(&row.term) >= minimum).cloned().collect();
            let mut filter = RareTermFilter::new(minimum);
            let mut found = Vec::new();
            for row in &rows {
                if let Some(before) = filter.add(&row.as_ref()) {
                    found.extend(before);
                    found.push(row.clone());
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
