//! What was drained, shared by the runs of all partitions. Owns how a row's detail is put together.

use super::details::Details;
use super::spellings::Spelt;
use super::table::{Counted, LONG, Rows};
use crate::Bucket;
use crate::detail::{self, Forms, MAX_FORMS_KEPT};
use crate::format::varint::put;
use crate::packed::{MOST, written};

/// Rows that are not counted any more, and what they refer to.
#[derive(Debug)]
pub(super) struct Drained {
    pub(super) rows: Rows,
    pub(super) buckets: Vec<Bucket>,
    pub(super) details: Details,
    pub(super) spelt: Spelt,
}

/// A short form with its first byte highest, so that it is ordered as its bytes are; and how often.
type Short = (u128, u64);

impl Drained {
    /// Appends the encoded detail of a row; see [`detail::Detail`].
    pub(super) fn encode_detail(&self, number: u32, row: &Counted, out: &mut Vec<u8>) {
        let has_forms = row.capitalised > 0 || row.key.is_respelt;
        if Details::is_nothing(&row.seen) && !has_forms {
            return;
        }
        self.details.encode_authors(&row.seen, out);
        if has_forms {
            self.encode_forms(number, row, out);
        } else {
            put(out, 0);
        }
        self.details.encode_examples(&row.seen, out);
    }

    fn encode_forms(&self, number: u32, row: &Counted, out: &mut Vec<u8>) {
        let short = |case: u16, count: u32| -> Short {
            (written(row.key.letters(), case).swap_bytes(), count.into())
        };
        let length = if row.key.length == LONG { 0 } else { usize::from(row.key.length) };
        if !row.key.is_respelt {
            let (form, count) = short(1, row.capitalised);
            let forms = [(&form.to_be_bytes()[..length], count)];
            return detail::encode_few(forms.into_iter(), out);
        }
        let mut cases: Vec<Short> = Vec::new();
        cases.extend((row.capitalised > 0).then(|| short(1, row.capitalised)));
        cases.extend(self.spelt.cases(number).map(|(case, count)| short(case, count)));
        cases.sort_unstable();
        let texts = self.spelt.texts(number);
        if texts.is_none() && cases.len() < MAX_FORMS_KEPT {
            let cases: Vec<_> = cases.iter().map(|(form, n)| (form.to_be_bytes(), *n)).collect();
            return detail::encode_few(
                cases.iter().map(|(form, count)| (&form[..length], *count)),
                out,
            );
        }
        let mut forms = texts.cloned().unwrap_or_default();
        for (form, count) in cases {
            let form: [u8; MOST] = form.to_be_bytes();
            // Only the case of letters in ASCII differs from a form that was text.
            forms.add(std::str::from_utf8(&form[..length]).unwrap_or_default(), count);
        }
        Forms::encode(&forms, out);
    }
}
