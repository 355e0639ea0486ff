//! The ways a term was written. Owns how they are counted and which are shown; knows nothing of
//! how a written form becomes the key it is counted under.

use std::cmp::Ordering;
use std::mem::{size_of, take};

use super::{DetailError, Reader};
use crate::format::varint::put;
use crate::row::MAX_TERM_BYTES;

/// Surface forms of a term and how often each was written. The form that equals the key is left
/// out by whoever adds: its occurrences are those of the term that no stored form accounts for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forms(Vec<(Box<str>, u64)>);

impl Forms {
    /// Adds `occurrences` of a form other than the key. Forms that are empty or above 1,024 bytes
    /// are no forms of a term that is stored and are not added; nor is a form that never occurred.
    pub fn add(&mut self, form: &str, occurrences: u64) {
        if form.is_empty() || form.len() > MAX_TERM_BYTES || occurrences == 0 {
            return;
        }
        match self.0.binary_search_by(|(known, _)| known.as_ref().cmp(form)) {
            Ok(place) => self.0[place].1 = self.0[place].1.saturating_add(occurrences),
            Err(place) => {
                // Most terms that have another form have one: `Vec` would begin with room for four.
                self.0.reserve_exact(usize::from(self.0.is_empty()));
                self.0.insert(place, (form.into(), occurrences));
            }
        }
    }

    /// Adds the forms of other records.
    pub fn merge(&mut self, other: &Self) {
        if self.0.is_empty() {
            self.0.clone_from(&other.0);
            return;
        }
        // A few into many are inserted; lists of like length are merged in one pass.
        if other.0.len() < 4 {
            other.0.iter().for_each(|(form, occurrences)| self.add(form, *occurrences));
            return;
        }
        let mut merged = Vec::with_capacity(self.0.len() + other.0.len());
        let mut ours = take(&mut self.0).into_iter().peekable();
        let mut theirs = other.0.iter().peekable();
        loop {
            let order = match (ours.peek(), theirs.peek()) {
                (Some((a, _)), Some((b, _))) => a.cmp(b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => break,
            };
            let left = if order.is_le() { ours.next() } else { None };
            let right = if order.is_ge() { theirs.next() } else { None };
            merged.extend(match (left, right) {
                (Some((form, a)), Some((_, b))) => Some((form, a.saturating_add(*b))),
                (left, right) => left.or_else(|| right.cloned()),
            });
        }
        self.0 = merged;
    }

    /// The `most` most frequent forms of the term `key`, which occurred `count` times in all:
    /// occurrences descending, then by bytes.
    pub fn top(&self, key: &str, count: u64, most: usize) -> Vec<(String, u64)> {
        let stored = self.0.iter().fold(0_u64, |sum, (_, n)| sum.saturating_add(*n));
        let rest = count.saturating_sub(stored);
        let key = (rest > 0).then_some((key, rest));
        let mut forms: Vec<_> = self.0.iter().map(|(form, n)| (form.as_ref(), *n)).collect();
        forms.extend(key);
        forms.sort_unstable_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        forms.into_iter().take(most).map(|(form, n)| (form.to_owned(), n)).collect()
    }

    /// The stored forms and their occurrences, ascending by bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(form, occurrences)| (form.as_ref(), *occurrences))
    }

    /// Whether no form is stored.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Memory it takes, in bytes, its own size and what it owns.
    pub fn bytes(&self) -> usize {
        let texts: usize = self.0.iter().map(|(form, _)| form.len()).sum();
        size_of::<Self>() + self.0.capacity() * size_of::<(Box<str>, u64)>() + texts
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put(out, self.0.len() as u64);
        for (form, occurrences) in &self.0 {
            put(out, form.len() as u64);
            out.extend_from_slice(form.as_bytes());
            put(out, *occurrences);
        }
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DetailError> {
        // The shortest form takes three bytes, so that no number asks for more than there is.
        let most = reader.left() / 3;
        let count = reader.up_to(most, "there are more forms than bytes for them")?;
        let mut forms: Vec<(Box<str>, u64)> = Vec::with_capacity(count);
        for _ in 0..count {
            let length = reader.up_to(MAX_TERM_BYTES, "a form has 1 to 1024 bytes")?;
            let form = reader.text(length)?;
            let above = forms.last().is_none_or(|(last, _)| last.as_ref() < form);
            if !above || form.is_empty() {
                return Err(reader.error("forms must ascend and none is empty"));
            }
            let occurrences = reader.unsigned()?;
            if occurrences == 0 {
                return Err(reader.error("a form that is stored occurred"));
            }
            forms.push((form.into(), occurrences));
        }
        Ok(Self(forms))
    }
}
