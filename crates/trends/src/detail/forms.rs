//! The forms of a term. Owns the choice of the forms to keep and the order in which they are shown;
//! knows nothing of the way from a form to the key that it is counted under.

use xxhash_rust::xxh3::xxh3_64;

use super::{DetailError, Reader};
use crate::format::varint::{put, put_bytes};
use crate::term::MAX_TERM_BYTES;

/// The most forms of a term that are kept. Few words are written in more ways, and without a bound
/// posts in random case could make a row arbitrarily large.
pub const MAX_KEPT: usize = 256;

/// The forms of a term and the occurrences of each. The caller never adds the form that equals the
/// key: its occurrences are those of the term less those of all other forms.
///
/// If there are more than [`MAX_KEPT`] forms, those with the smallest hashes are kept. A form that
/// is kept in the end was kept in every part, so its occurrences are exact in any order of merging.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forms {
    /// Ascending by bytes.
    kept: Vec<(Box<str>, u64)>,
    /// Occurrences of forms that are not kept.
    dropped: u64,
}

/// The order in which forms are kept: the smallest first.
fn order(form: &str) -> (u64, &str) {
    (xxh3_64(form.as_bytes()), form)
}

impl Forms {
    /// Adds `occurrences` of a form other than the key. A form that is empty or longer than 1,024
    /// bytes is not added, for no stored term has such a form; nor is a form without occurrences.
    pub fn add(&mut self, form: &str, occurrences: u64) {
        if form.is_empty() || form.len() > MAX_TERM_BYTES || occurrences == 0 {
            return;
        }
        let is_full = self.kept.len() >= MAX_KEPT;
        match self.kept.binary_search_by(|(known, _)| known.as_ref().cmp(form)) {
            Ok(place) => {
                let known = &mut self.kept[place].1;
                *known = known.saturating_add(occurrences);
            }
            Err(_) if is_full && self.is_beyond(form) => {
                self.dropped = self.dropped.saturating_add(occurrences);
            }
            Err(place) => {
                // Most terms with another form have only one; a `Vec` would make room for four.
                self.kept.reserve_exact(usize::from(self.kept.is_empty()));
                self.kept.insert(place, (form.into(), occurrences));
                self.cut();
            }
        }
    }

    /// Returns true if all kept forms have smaller hashes.
    fn is_beyond(&self, form: &str) -> bool {
        let form = order(form);
        self.kept.iter().all(|(kept, _)| order(kept) < form)
    }

    /// Drops the forms with the largest hashes while there are too many.
    fn cut(&mut self) {
        let Some(excess) = self.kept.len().checked_sub(MAX_KEPT).filter(|excess| *excess > 0)
        else {
            return;
        };
        self.kept.sort_unstable_by(|(a, _), (b, _)| order(a).cmp(&order(b)));
        let kept = self.kept.len() - excess;
        for (_, occurrences) in self.kept.drain(kept..) {
            self.dropped = self.dropped.saturating_add(occurrences);
        }
        self.kept.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    }

    /// Adds the forms of other records.
    pub fn merge(&mut self, other: Self) {
        self.dropped = self.dropped.saturating_add(other.dropped);
        self.kept.extend(other.kept);
        // A stable sort merges the two ascending parts in linear time.
        self.kept.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.kept.dedup_by(|(form, occurrences), (before, sum)| {
            let is_equal = form == before;
            if is_equal {
                *sum = sum.saturating_add(*occurrences);
            }
            is_equal
        });
        self.cut();
    }

    /// The `most` most frequent forms of the term `key`, which occurred `count` times in all, by
    /// descending occurrences, then by bytes.
    pub fn top(&self, key: &str, count: u64, most: usize) -> Vec<(String, u64)> {
        let others = self.kept.iter().fold(self.dropped, |sum, (_, n)| sum.saturating_add(*n));
        let rest = count.saturating_sub(others);
        let key = (rest > 0).then_some((key, rest));
        let mut forms: Vec<_> = self.kept.iter().map(|(form, n)| (form.as_ref(), *n)).collect();
        forms.extend(key);
        forms.sort_unstable_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        forms.into_iter().take(most).map(|(form, n)| (form.to_owned(), n)).collect()
    }

    /// The kept forms and their occurrences, ascending by bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.kept.iter().map(|(form, occurrences)| (form.as_ref(), *occurrences))
    }

    /// Number of forms that are kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Returns true if no form is kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        encode_forms(self.kept.iter().map(|(form, n)| (form.as_bytes(), *n)), out);
        if self.kept.len() == MAX_KEPT {
            put(out, self.dropped);
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DetailError> {
        // The shortest form takes three bytes, so a damaged count never allocates more forms than
        // the bytes that are left can hold.
        let most = (reader.left() / 3).min(MAX_KEPT);
        let count = reader.up_to(most, "there are more forms than bytes for them, or than 256")?;
        let mut forms: Vec<(Box<str>, u64)> = Vec::with_capacity(count);
        for _ in 0..count {
            let length = reader.up_to(MAX_TERM_BYTES, "a form has 1 to 1024 bytes")?;
            let form = reader.text(length)?;
            let above = forms.last().is_none_or(|(last, _)| last.as_ref() < form);
            if !above || form.is_empty() {
                return Err(reader.error("forms must ascend and must not be empty"));
            }
            let occurrences = reader.unsigned()?;
            if occurrences == 0 {
                return Err(reader.error("a stored form has at least one occurrence"));
            }
            forms.push((form.into(), occurrences));
        }
        let dropped = if count == MAX_KEPT { reader.unsigned()? } else { 0 };
        Ok(Self { kept: forms, dropped })
    }
}

/// Appends the bytes of at most [`MAX_KEPT`] forms, which ascend strictly.
pub(crate) fn encode_forms<'a>(
    forms: impl ExactSizeIterator<Item = (&'a [u8], u64)>,
    out: &mut Vec<u8>,
) {
    debug_assert!(forms.len() <= MAX_KEPT);
    put(out, forms.len() as u64);
    for (form, occurrences) in forms {
        put_bytes(out, form);
        put(out, occurrences);
    }
}
