//! How terms were written other than as their keys. Owns how forms are counted while rows are; knows
//! nothing of which are kept in the end.

use std::collections::HashMap;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::detail::Forms;

/// Forms of rows, by their numbers, and how often each was written.
#[derive(Debug, Default)]
pub(super) struct Spellings {
    /// Those of short terms that differ from the key in nothing but case.
    cases: HashTable<(Cased, u32)>,
    /// All others.
    texts: HashMap<u32, Forms>,
    text_bytes: usize,
}

/// A row and the case of a form of it.
type Cased = (u32, u16);

impl Spellings {
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
            self.text_bytes += form.len() + ENTRY;
        }
    }

    /// Memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let case = size_of::<(Cased, u32)>() + 1;
        let text = size_of::<(u32, Forms)>() + 1;
        self.cases.capacity() * case + self.texts.capacity() * text + self.text_bytes
    }

    /// The same, to be read.
    pub(super) fn finish(self) -> Spelt {
        let mut cases: Vec<_> = self.cases.into_iter().collect();
        cases.sort_unstable();
        Spelt { cases, texts: self.texts }
    }
}

/// A form in a list of them and what the allocator adds to its text.
const ENTRY: usize = size_of::<(Box<str>, u64)>() + 16;

/// Forms that are not counted any more.
#[derive(Debug, Default)]
pub(super) struct Spelt {
    /// Ascending.
    cases: Vec<(Cased, u32)>,
    texts: HashMap<u32, Forms>,
}

impl Spelt {
    /// The forms of a short term that differ from its key in case alone: that, and how often each.
    pub(super) fn cases(&self, row: u32) -> impl Iterator<Item = (u16, u32)> {
        let first = self.cases.partition_point(|((of, _), _)| *of < row);
        let own = self.cases[first..].iter().take_while(move |((of, _), _)| *of == row);
        own.map(|((_, case), count)| (*case, *count))
    }

    pub(super) fn texts(&self, row: u32) -> Option<&Forms> {
        self.texts.get(&row)
    }
}

fn hash((row, case): Cased) -> u64 {
    let key = u64::from(row) << 16 | u64::from(case);
    let wide = u128::from(key ^ 0xA076_1D64_78BD_642F) * 0xE703_7ED1_A0B4_28DB;
    (wide >> 64) as u64 ^ wide as u64
}
