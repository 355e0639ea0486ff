//! The records that rows refer to. Keeps the author and the location of each, in 32 bytes for
//! nearly all; knows nothing of rows.

use std::cmp::Ordering;

use xxhash_rust::xxh3::xxh3_64;

use super::piecewise::PiecewiseVec;
use crate::Bucket;
use crate::detail::{self, MAX_ID_BYTES};
use crate::format::varint::{put, put_bytes};

/// The window, author and location of a record, for counting its terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordOrigin<'a> {
    pub(super) bucket: Bucket,
    /// `None` if rows have no detail.
    pub(super) source: Option<RecordSource<'a>>,
}

/// The author and location of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordSource<'a> {
    /// The hash of the author's identity.
    author: Option<u64>,
    /// The hash of the location; the smallest hashes become examples (see [`detail::Examples`]).
    hash: u64,
    location: RecordLocation<'a>,
}

/// The id of a record, or the location of its line if it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RecordLocation<'a> {
    /// An id that is a number in its usual form, which nearly all ids are.
    Number(u64),
    /// Any other id, 1 to [`MAX_ID_BYTES`] bytes of UTF-8.
    Id(&'a [u8]),
    /// The number of the record's object, and the offset of its line.
    Line(u32, u64),
}

impl<'a> RecordOrigin<'a> {
    /// A record whose terms have no detail.
    pub const fn of_bucket(bucket: Bucket) -> Self {
        Self { bucket, source: None }
    }

    /// A record that is an example of its terms: by its id if that has 1 to [`MAX_ID_BYTES`] bytes,
    /// else by `line`, the number of its object and the offset of its line.
    pub fn new(
        bucket: Bucket,
        author: Option<&[u8]>,
        id: Option<&'a str>,
        line: (u32, u64),
    ) -> Self {
        let (hash, location) = match id.map(str::as_bytes) {
            Some(id) if (1..=MAX_ID_BYTES).contains(&id.len()) => {
                let location = number(id).map_or(RecordLocation::Id(id), RecordLocation::Number);
                (detail::hash_of_id(id), location)
            }
            _ => {
                let location = RecordLocation::Line(line.0, line.1);
                (detail::hash_of_line(line.0.into(), line.1), location)
            }
        };
        Self { bucket, source: Some(RecordSource { author: author.map(xxh3_64), hash, location }) }
    }
}

/// Parses an id that is a number below 10^19 without leading zeros.
fn number(id: &[u8]) -> Option<u64> {
    if id.len() > 19 || id.len() > 1 && id.first() == Some(&b'0') {
        return None;
    }
    id.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'))
    })
}

impl RecordLocation<'_> {
    /// The bytes of the id; if it is a number, `digits` holds them.
    fn id<'a>(&'a self, digits: &'a mut itoa::Buffer) -> Option<&'a [u8]> {
        match self {
            Self::Number(number) => Some(digits.format(*number).as_bytes()),
            Self::Id(id) => Some(id),
            Self::Line(..) => None,
        }
    }

    /// The order of [`detail::ExampleSource`]: ids by their bytes, then lines.
    fn compare(&self, other: &Self) -> Ordering {
        // The usual case: locations are compared only if their hashes are equal.
        if self == other {
            return Ordering::Equal;
        }
        if let (Self::Line(a, b), Self::Line(c, d)) = (self, other) {
            return (a, b).cmp(&(c, d));
        }
        let (mut ours, mut theirs) = (itoa::Buffer::new(), itoa::Buffer::new());
        match (self.id(&mut ours), other.id(&mut theirs)) {
            (Some(ours), Some(theirs)) => ours.cmp(theirs),
            (ours, theirs) => ours.is_none().cmp(&theirs.is_none()),
        }
    }
}

/// A record as an example: its location, and the hash that is the first key of the order of
/// examples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Example<'a> {
    hash: u64,
    location: RecordLocation<'a>,
}

impl Example<'_> {
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        self.hash.cmp(&other.hash).then_with(|| self.location.compare(&other.location))
    }

    /// Appends the bytes of an example as a detail stores them.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        if let Some(id) = self.location.id(&mut digits) {
            put_bytes(out, id);
        } else if let RecordLocation::Line(object, offset) = self.location {
            put(out, 0);
            put(out, object.into());
            put(out, offset);
        }
    }
}

/// A [`RecordSource`] without borrowed bytes: an id that is not a number is in a buffer beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    hash: u64,
    author: u64,
    /// The number, the start of the id in the buffer, or the offset of the line.
    value: u64,
    /// The length of the id or the object of the line.
    more: u32,
    kind: LocationKind,
    has_author: bool,
}

#[derive(Debug, Clone, Copy)]
enum LocationKind {
    Number,
    Id,
    Line,
}

impl Origin {
    /// Appends an id that is not a number to the buffer `ids`.
    pub(super) fn new(source: &RecordSource<'_>, ids: &mut Vec<u8>) -> Self {
        let (kind, more, value) = match source.location {
            RecordLocation::Number(number) => (LocationKind::Number, 0, number),
            RecordLocation::Line(object, offset) => (LocationKind::Line, object, offset),
            RecordLocation::Id(id) => {
                let start = ids.len();
                ids.extend_from_slice(id);
                (LocationKind::Id, id.len() as u32, start as u64)
            }
        };
        let (has_author, author) = (source.author.is_some(), source.author.unwrap_or(0));
        Self { hash: source.hash, author, value, more, kind, has_author }
    }

    pub(super) fn author(&self) -> Option<u64> {
        self.has_author.then_some(self.author)
    }

    /// The upper half of the hash that orders examples: enough to refuse most records without
    /// reading the examples.
    pub(super) const fn rank(&self) -> u32 {
        (self.hash >> 32) as u32
    }

    /// The start of the id in the buffer, if the id is there.
    pub(super) fn id_start_mut(&mut self) -> Option<&mut u64> {
        matches!(self.kind, LocationKind::Id).then_some(&mut self.value)
    }

    /// The record as an example. `ids` is the buffer that its id is in.
    pub(super) fn example<'a>(&self, ids: &'a [u8]) -> Example<'a> {
        let Self { hash, value, more, kind, .. } = *self;
        let location = match kind {
            LocationKind::Number => RecordLocation::Number(value),
            LocationKind::Line => RecordLocation::Line(more, value),
            LocationKind::Id => {
                RecordLocation::Id(&ids[value as usize..value as usize + more as usize])
            }
        };
        Example { hash, location }
    }
}

/// The records that rows refer to, by number.
#[derive(Debug, Default)]
pub(super) struct Origins {
    kept: PiecewiseVec<Origin>,
    ids: Vec<u8>,
}

impl Origins {
    /// Keeps a record, whose id is in the buffer `ids`, and returns its number, which fits 32 bits:
    /// the rows are drained before 2^32 records.
    pub(super) fn keep(&mut self, mut origin: Origin, ids: &[u8]) -> u32 {
        if let RecordLocation::Id(id) = origin.example(ids).location {
            origin.value = self.ids.len() as u64;
            self.ids.extend_from_slice(id);
        }
        self.kept.push(origin) as u32
    }

    /// Loads a record that will be read soon, so that it is in the cache by then.
    pub(super) fn touch(&self, number: u32) -> u64 {
        self.kept.at(number as usize).hash
    }

    pub(super) fn author(&self, number: u32) -> Option<u64> {
        self.kept.at(number as usize).author()
    }

    pub(super) fn rank(&self, number: u32) -> u32 {
        self.kept.at(number as usize).rank()
    }

    pub(super) fn example(&self, number: u32) -> Example<'_> {
        self.kept.at(number as usize).example(&self.ids)
    }

    pub(super) fn bytes(&self) -> usize {
        self.kept.bytes() + self.ids.capacity()
    }
}
