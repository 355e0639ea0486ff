//! A vector in pieces of fixed size. It moves no element when it grows, so rows that are being
//! counted are never in memory twice.

/// Elements per piece.
const PIECE: usize = 1 << 10;

/// Elements by number, each at a fixed address.
#[derive(Debug)]
pub(super) struct PiecewiseVec<T> {
    pieces: Vec<Vec<T>>,
    length: usize,
}

impl<T> Default for PiecewiseVec<T> {
    fn default() -> Self {
        Self { pieces: Vec::new(), length: 0 }
    }
}

impl<T> PiecewiseVec<T> {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Adds an element and returns its number.
    pub(super) fn push(&mut self, element: T) -> usize {
        if self.length.is_multiple_of(PIECE) {
            self.pieces.push(Vec::with_capacity(PIECE));
        }
        if let Some(last) = self.pieces.last_mut() {
            last.push(element);
        }
        self.length += 1;
        self.length - 1
    }

    #[inline]
    pub(super) fn at(&self, number: usize) -> &T {
        &self.pieces[number / PIECE][number % PIECE]
    }

    #[inline]
    pub(super) fn at_mut(&mut self, number: usize) -> &mut T {
        &mut self.pieces[number / PIECE][number % PIECE]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().flatten()
    }

    /// Returns the memory of the elements, in bytes, without memory that they own elsewhere.
    pub(super) fn bytes(&self) -> usize {
        self.length * size_of::<T>()
    }
}
