//! The forms of terms that differ from their keys. Owns the counting of forms until their rows are
//! drained; doesn't know which of the forms a detail keeps.

use std::collections::HashMap;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::detail::Forms;

/// The forms of rows, by the rows' numbers, and the occurrences of each.
#[derive(Debug, Default)]
pub(super) struct RowForms {
    /// Forms of short terms that differ from the key in case alone.
    cases: HashTable<(CaseKey, u32)>,
    /// All other forms.
    texts: HashMap<u32, Forms>,
    text_bytes: usize,
}

/// The number of a row, and the case of one of its forms (see [`crate::packed::case_of`]).
type CaseKey = (u32, u16);

impl RowForms {
    pub(super) fn add_case(&mut self, row: u32, case: u16) {
        let key = (row, case);
        let entry = self.cases.entry(hash(key), |(known, _)| *known == key, |(key, _)| hash(*key));
        match entry {
            Entry::Occupied(mut found) => found.get_mut().1 += 1,
            Entry::Vacant(place) => {
                place.insert((key, 1));
            }
        }
    }

    pub(super) fn add_text(&mut self, row: u32, form: &str) {
        let forms = self.texts.entry(row).or_default();
        let before = forms.len();
        forms.add(form, 1);
        if forms.len() > before {
            self.text_bytes += form.len() + FORM_OVERHEAD;
        }
    }

    /// Memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let case = size_of::<(CaseKey, u32)>() + 1;
        let text = size_of::<(u32, Forms)>() + 1;
        self.cases.capacity() * case + self.texts.capacity() * text + self.text_bytes
    }

    /// Sorts the forms by row, to be read.
    pub(super) fn finish(self) -> SortedRowForms {
        let mut cases: Vec<_> = self.cases.into_iter().collect();
        cases.sort_unstable();
        SortedRowForms { cases, texts: self.texts }
    }
}

/// Memory of a form besides its text, in bytes: its entry in a list, and the allocator's overhead.
const FORM_OVERHEAD: usize = size_of::<(Box<str>, u64)>() + 16;

/// The forms of drained rows.
#[derive(Debug, Default)]
pub(super) struct SortedRowForms {
    /// Ascending.
    cases: Vec<(CaseKey, u32)>,
    texts: HashMap<u32, Forms>,
}

impl SortedRowForms {
    /// The case and the occurrences of each form of a short term that differs from its key in case
    /// alone.
    pub(super) fn cases(&self, row: u32) -> impl Iterator<Item = (u16, u32)> {
        let first = self.cases.partition_point(|((other, _), _)| *other < row);
        let own = self.cases[first..].iter().take_while(move |((other, _), _)| *other == row);
        own.map(|((_, case), count)| (*case, *count))
    }

    /// All other forms of a term, if it has any.
    pub(super) fn texts(&self, row: u32) -> Option<&Forms> {
        self.texts.get(&row)
    }
}

fn hash((row, case): CaseKey) -> u64 {
    let key = u64::from(row) << 16 | u64::from(case);
    let wide = u128::from(key ^ 0xA076_1D64_78BD_642F) * 0xE703_7ED1_A0B4_28DB;
    (wide >> 64) as u64 ^ wide as u64
}
