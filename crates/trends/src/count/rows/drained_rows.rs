//! The rows of a drain, which the sorted rows of all partitions share. Owns the encoding of a row's
//! detail.

use super::details::Details;
use super::row_forms::SortedRowForms;
use super::table::{CountedRow, LONG, Rows};
use crate::Bucket;
use crate::detail::{self, Forms, MAX_FORMS_KEPT};
use crate::format::varint::put;
use crate::packed::{MAX_BYTES, with_case};

/// Rows whose counts are final, with their buckets, details and forms.
#[derive(Debug)]
pub(super) struct DrainedRows {
    pub(super) rows: Rows,
    /// The buckets by number.
    pub(super) buckets: Vec<Bucket>,
    pub(super) details: Details,
    pub(super) forms: SortedRowForms,
}

/// A short form as a big-endian number, which sorts like its bytes; the number of its occurrences.
type ShortForm = (u128, u64);

impl DrainedRows {
    /// Appends the detail of a row as [`detail::Detail`] encodes it.
    pub(super) fn encode_detail(&self, number: u32, row: &CountedRow, out: &mut Vec<u8>) {
        let has_forms = row.capitalised > 0 || row.key.has_other_forms;
        if row.records.is_empty() && !has_forms {
            return;
        }
        self.details.encode_authors(&row.records, out);
        if has_forms {
            self.encode_forms(number, row, out);
        } else {
            put(out, 0);
        }
        self.details.encode_examples(&row.records, out);
    }

    fn encode_forms(&self, number: u32, row: &CountedRow, out: &mut Vec<u8>) {
        let short = |case: u16, count: u32| -> ShortForm {
            (with_case(row.key.letters(), case).swap_bytes(), count.into())
        };
        let length = if row.key.length == LONG { 0 } else { usize::from(row.key.length) };
        if !row.key.has_other_forms {
            let (form, count) = short(1, row.capitalised);
            let forms = [(&form.to_be_bytes()[..length], count)];
            return detail::encode_forms(forms.into_iter(), out);
        }
        let mut cases: Vec<ShortForm> = Vec::new();
        cases.extend((row.capitalised > 0).then(|| short(1, row.capitalised)));
        cases.extend(self.forms.cases(number).map(|(case, count)| short(case, count)));
        cases.sort_unstable();
        let texts = self.forms.texts(number);
        if texts.is_none() && cases.len() < MAX_FORMS_KEPT {
            let cases: Vec<_> = cases.iter().map(|(form, n)| (form.to_be_bytes(), *n)).collect();
            return detail::encode_forms(
                cases.iter().map(|(form, count)| (&form[..length], *count)),
                out,
            );
        }
        let mut forms = texts.cloned().unwrap_or_default();
        for (form, count) in cases {
            let form: [u8; MAX_BYTES] = form.to_be_bytes();
            // Always UTF-8: the key is, and only the case of its ASCII letters was changed.
            forms.add(std::str::from_utf8(&form[..length]).unwrap_or_default(), count);
        }
        Forms::encode(&forms, out);
    }
}
