//! The records that rows refer to. Owns what is kept of one: its author and where to find it, 32 bytes
//! for nearly all; knows nothing of rows.

use std::cmp::Ordering;

use xxhash_rust::xxh3::xxh3_64;

use super::piecewise::PiecewiseVec;
use crate::Bucket;
use crate::detail::{self, MAX_ID_BYTES};
use crate::format::varint::put;

/// What the terms of a record are counted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordOrigin<'a> {
    pub(super) bucket: Bucket,
    pub(super) seen: Option<Seen<'a>>,
}

/// By whom and where the terms of a record were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen<'a> {
    author: Option<u64>,
    /// What decides which examples are kept; see [`detail::Examples`].
    hash: u64,
    place: Place<'a>,
}

/// Where a record is found again: its id, else its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place<'a> {
    /// An id that is a number as numbers are written.
    Number(u64),
    /// Any other id, 1 to [`MAX_ID_BYTES`] bytes of UTF-8.
    Id(&'a [u8]),
    /// The number of its object, and where its line begins.
    Line(u32, u64),
}

impl<'a> RecordOrigin<'a> {
    /// A record of which only the time matters.
    pub const fn of_bucket(bucket: Bucket) -> Self {
        Self { bucket, seen: None }
    }

    /// A record with its author and itself as an example of its terms: by its id if that has 1 to
    /// [`MAX_ID_BYTES`] bytes, else by the number of its object and the offset of its line.
    pub fn new(
        bucket: Bucket,
        author: Option<&[u8]>,
        id: Option<&'a str>,
        line: (u32, u64),
    ) -> Self {
        let (hash, place) = match id.map(str::as_bytes) {
            Some(id) if (1..=MAX_ID_BYTES).contains(&id.len()) => {
                (detail::hash_of_id(id), number(id).map_or(Place::Id(id), Place::Number))
            }
            _ => (detail::hash_of_place(line.0.into(), line.1), Place::Line(line.0, line.1)),
        };
        Self { bucket, seen: Some(Seen { author: author.map(xxh3_64), hash, place }) }
    }
}

/// An id that is nothing but a number below 10^19 without leading zeros, as nearly all are.
fn number(id: &[u8]) -> Option<u64> {
    if id.len() > 19 || id.len() > 1 && id.first() == Some(&b'0') {
        return None;
    }
    id.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'))
    })
}

impl Place<'_> {
    /// The bytes of an id.
    fn id<'a>(&'a self, digits: &'a mut Digits) -> Option<&'a [u8]> {
        match self {
            Self::Number(number) => Some(digits.of(*number)),
            Self::Id(id) => Some(id),
            Self::Line(..) => None,
        }
    }

    /// The order of [`detail::ExampleSource`]: ids by their bytes, then lines.
    fn order(&self, other: &Self) -> Ordering {
        // Nearly always, for places are compared only where their hashes are the same.
        if self == other {
            return Ordering::Equal;
        }
        if let (Self::Line(a, b), Self::Line(c, d)) = (self, other) {
            return (a, b).cmp(&(c, d));
        }
        let (mut ours, mut theirs) = (Digits::default(), Digits::default());
        match (self.id(&mut ours), other.id(&mut theirs)) {
            (Some(ours), Some(theirs)) => ours.cmp(theirs),
            (ours, theirs) => ours.is_none().cmp(&theirs.is_none()),
        }
    }
}

/// Room for the digits of a number.
#[derive(Default)]
struct Digits(itoa::Buffer);

impl Digits {
    fn of(&mut self, number: u64) -> &[u8] {
        self.0.format(number).as_bytes()
    }
}

/// A record with the hash of its place, which the order of examples begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Example<'a> {
    hash: u64,
    place: Place<'a>,
}

impl Example<'_> {
    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.hash.cmp(&other.hash).then_with(|| self.place.order(&other.place))
    }

    /// Appends the bytes of an example as a detail has them.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut digits = Digits::default();
        if let Some(id) = self.place.id(&mut digits) {
            put(out, id.len() as u64);
            out.extend_from_slice(id);
        } else if let Place::Line(object, offset) = self.place {
            put(out, 0);
            put(out, object.into());
            put(out, offset);
        }
    }
}

/// A record as it is kept. The bytes of an id that is no number are elsewhere, in the buffer it was
/// made with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    hash: u64,
    author: u64,
    /// The number, the beginning of the id, or the offset.
    value: u64,
    /// The object of a line, the length of an id.
    more: u32,
    form: Form,
    has_author: bool,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Number,
    Id,
    Line,
}

impl Origin {
    pub(super) fn new(seen: &Seen<'_>, ids: &mut Vec<u8>) -> Self {
        let (form, more, value) = match seen.place {
            Place::Number(number) => (Form::Number, 0, number),
            Place::Line(object, offset) => (Form::Line, object, offset),
            Place::Id(id) => {
                let start = ids.len();
                ids.extend_from_slice(id);
                (Form::Id, id.len() as u32, start as u64)
            }
        };
        let (has_author, author) = (seen.author.is_some(), seen.author.unwrap_or(0));
        Self { hash: seen.hash, author, value, more, form, has_author }
    }

    pub(super) fn author(&self) -> Option<u64> {
        self.has_author.then_some(self.author)
    }

    /// The upper half of the hash that the order of examples begins with: enough to tell most records
    /// from those that are kept.
    pub(super) const fn rank(&self) -> u32 {
        (self.hash >> 32) as u32
    }

    /// Where its id begins in that buffer, if it is there.
    pub(super) fn id_mut(&mut self) -> Option<&mut u64> {
        matches!(self.form, Form::Id).then_some(&mut self.value)
    }

    /// The record as an example, with the buffer it was made with.
    pub(super) fn example<'a>(&self, ids: &'a [u8]) -> Example<'a> {
        let Self { hash, value, more, form, .. } = *self;
        let place = match form {
            Form::Number => Place::Number(value),
            Form::Line => Place::Line(more, value),
            Form::Id => Place::Id(&ids[value as usize..value as usize + more as usize]),
        };
        Example { hash, place }
    }
}

/// Records that rows refer to, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Origins {
    kept: PiecewiseVec<Origin>,
    ids: Vec<u8>,
}

impl Origins {
    /// Keeps a record and returns its number: there are fewer than 2^32 between two drains.
    pub(super) fn keep(&mut self, mut origin: Origin, ids: &[u8]) -> u32 {
        if let Place::Id(id) = origin.example(ids).place {
            origin.value = self.ids.len() as u64;
            self.ids.extend_from_slice(id);
        }
        self.kept.push(origin) as u32
    }

    /// Looks at a record that will be asked for soon.
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
