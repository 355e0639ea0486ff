//! Merging sorted sequences, and adding up equal rows. Owns the k-way merge; knows nothing of the
//! origin of the sequences.

use std::cmp::Ordering;

use crate::RowRef;
use crate::detail::DetailError;
use crate::row::RowSum;

/// A sorted sequence with a current entry, until it is done.
pub trait Sequence {
    /// Returns true after the last entry.
    fn is_done(&self) -> bool;

    /// Compares the current entries of two sequences. Neither is done.
    fn cmp_entry(&self, other: &Self) -> Ordering;
}

/// A stream of rows in strictly ascending order, with a current row.
pub trait Cursor {
    /// The error that ends a stream early.
    type Error;

    /// The current row, `None` after the last.
    fn row(&self) -> Option<RowRef<'_>>;

    /// Moves to the next row.
    fn advance(&mut self) -> Result<(), Self::Error>;
}

impl<C: Cursor> Sequence for C {
    fn is_done(&self) -> bool {
        self.row().is_none()
    }

    fn cmp_entry(&self, other: &Self) -> Ordering {
        match (self.row(), other.row()) {
            (Some(a), Some(b)) => a.cmp_key(&b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        }
    }
}

/// Merges streams into one: rows in order, rows of equal kind, term and bucket added up.
///
/// The sum is over integers and the order is total, so the merged rows do not depend on the number
/// of streams, on their order or on the split of the rows among them.
pub fn merge<C: Cursor<Error: From<DetailError>>>(
    cursors: Vec<C>,
    mut emit: impl FnMut(RowRef<'_>) -> Result<(), C::Error>,
) -> Result<(), C::Error> {
    let mut heap = Heap::new(cursors);
    let mut sum: Option<RowSum> = None;
    while let Some(row) = heap.least().and_then(Cursor::row) {
        match &mut sum {
            Some(sum) if sum.first().cmp_key(&row) == Ordering::Equal => sum.add(&row)?,
            Some(sum) => {
                emit(sum.finish())?;
                sum.begin(&row);
            }
            None => sum = Some(RowSum::of(&row)),
        }
        heap.step(Cursor::advance)?;
    }
    if let Some(mut sum) = sum { emit(sum.finish()) } else { Ok(()) }
}

/// A binary heap of sequences, ordered by their current entries. Unlike the heap of the standard
/// library, it advances its least element in place.
#[derive(Debug)]
pub struct Heap<S> {
    sequences: Vec<S>,
}

impl<S: Sequence> Heap<S> {
    /// A heap of sequences; those that are done are dropped.
    pub fn new(mut sequences: Vec<S>) -> Self {
        sequences.retain(|sequence| !sequence.is_done());
        let mut heap = Self { sequences };
        for at in (0..heap.sequences.len() / 2).rev() {
            heap.sift_down(at);
        }
        heap
    }

    /// The sequence with the least entry, `None` once all are done.
    pub fn least(&self) -> Option<&S> {
        self.sequences.first()
    }

    /// Advances the sequence with the least entry by calling `step`, and returns the result of
    /// `step`; `None` once all sequences are done.
    pub fn step<T, E>(
        &mut self,
        step: impl FnOnce(&mut S) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let Some(least) = self.sequences.first_mut() else { return Ok(None) };
        let stepped = step(least)?;
        if least.is_done() {
            self.sequences.swap_remove(0);
        }
        self.sift_down(0);
        Ok(Some(stepped))
    }

    fn sift_down(&mut self, mut at: usize) {
        loop {
            let left = 2 * at + 1;
            let least = [left, left + 1].into_iter().filter(|child| *child < self.sequences.len());
            let Some(child) = least.min_by(|a, b| self.order(*a, *b)) else { return };
            if self.order(at, child) != Ordering::Greater {
                return;
            }
            self.sequences.swap(at, child);
            at = child;
        }
    }

    fn order(&self, a: usize, b: usize) -> Ordering {
        let (a, b) = (self.sequences.get(a), self.sequences.get(b));
        a.zip(b).map_or(Ordering::Equal, |(a, b)| a.cmp_entry(b))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::detail::Detail;
    use crate::{Bucket, Kind, Row};

    struct Rows(std::iter::Peekable<std::vec::IntoIter<Row>>, Option<Row>);

    impl Rows {
        fn new(rows: Vec<Row>) -> Self {
            let mut rows = rows.into_iter().peekable();
            let first = rows.next();
            Self(rows, first)
        }
    }

    impl Cursor for Rows {
        type Error = DetailError;

        fn row(&self) -> Option<RowRef<'_>> {
            self.1.as_ref().map(Row::as_ref)
        }

        fn advance(&mut self) -> Result<(), DetailError> {
            self.1 = self.0.next();
            Ok(())
        }
    }

    fn merged(streams: Vec<Vec<Row>>) -> Vec<Row> {
        let mut out = Vec::new();
        merge(streams.into_iter().map(Rows::new).collect(), |row| {
            out.push(row.to_row());
            Ok(())
        })
        .unwrap();
        out
    }

    fn stream() -> impl Strategy<Value = Vec<Row>> {
        let row = (1_u8..3, "[ab]{1,3}", 0_i64..3, 1_u64..1000);
        prop::collection::vec(row, 0..30).prop_map(|rows| {
            let by_key: BTreeMap<_, _> = rows
                .into_iter()
                .map(|(kind, term, bucket, count)| ((kind, term, bucket), count))
                .collect();
            by_key
                .into_iter()
                .map(|((kind, term, bucket), count)| Row {
                    kind: Kind::from_byte(kind).unwrap(),
                    term: term.into_bytes(),
                    bucket: Bucket(bucket),
                    count,
                    documents: count.div_ceil(2),
                    detail: detail(count),
                })
                .collect()
        })
    }

    /// A detail with an author and a form, or none.
    fn detail(count: u64) -> Vec<u8> {
        let mut detail = Detail::default();
        if !count.is_multiple_of(3) {
            detail.authors.insert(count % 7);
            detail.forms.add("Form", count);
        }
        let mut bytes = Vec::new();
        detail.encode(&mut bytes);
        bytes
    }

    proptest! {
        #[test]
        fn merging_is_commutative(a in stream(), b in stream(), c in stream()) {
            let forward = merged(vec![a.clone(), b.clone(), c.clone()]);
            prop_assert_eq!(forward, merged(vec![c, b, a]));
        }

        #[test]
        fn merging_is_associative(a in stream(), b in stream(), c in stream()) {
            let left = merged(vec![merged(vec![a.clone(), b.clone()]), c.clone()]);
            let right = merged(vec![a, merged(vec![b, c])]);
            prop_assert_eq!(left, right);
        }

        #[test]
        fn the_empty_stream_is_the_identity(a in stream()) {
            prop_assert_eq!(merged(vec![a.clone(), vec![], vec![]]), a);
        }

        #[test]
        fn merging_keeps_all_counts_and_orders_rows_strictly(streams in prop::collection::vec(stream(), 0..9)) {
            let total: u64 = streams.iter().flatten().map(|row| row.count).sum();
            let out = merged(streams);
            prop_assert_eq!(out.iter().map(|row| row.count).sum::<u64>(), total);
            prop_assert!(out.windows(2).all(|w| w[0].as_ref().cmp_key(&w[1].as_ref()).is_lt()));
        }
    }
}
