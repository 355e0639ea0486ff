//! Synthetic statuses for demonstrations, tests and benchmarks: the same seed gives the same bytes
//! on every platform and in every release. Owns the lines; doesn't know where they go, and uses
//! neither clock nor file.
//!
//! All arithmetic is in integers. A line depends on the number of records, the seed, the share of
//! malformed lines and its number alone. The number of records decides the time of a line, because
//! any number of records fills the same week.

mod calendar;
mod damage;
mod dice;
mod languages;
mod status;
mod text;
mod topics;
mod vocabulary;
mod zipf;

#[cfg(test)]
mod tests;

use calendar::Calendar;
use dice::{Dice, Purpose};
use status::Writer;

/// One in this many lines is a delete notice, a record without a text.
const NOTICE_EVERY: u64 = 250;

/// A generator of lines.
#[derive(Debug)]
pub(crate) struct Synthetic {
    records: u64,
    seed: u64,
    /// The share of malformed lines, in units of 2^-53.
    malformed: u64,
    next: u64,
    calendar: Calendar,
    writer: Writer,
}

impl Synthetic {
    /// A generator of `records` lines. The share `malformed`, 0 to 1, of them is malformed.
    pub(crate) fn new(records: u64, seed: u64, malformed: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 2^53, which f64 holds exactly"
        )]
        let malformed = (malformed.clamp(0.0, 1.0) * 9_007_199_254_740_992.0) as u64;
        let (calendar, writer) = (Calendar::new(records), Writer::new());
        Self { records, seed, malformed, next: 0, calendar, writer }
    }

    /// Appends the next line and a line feed. Returns false after the last line.
    pub(crate) fn append(&mut self, out: &mut Vec<u8>) -> bool {
        if self.next >= self.records {
            return false;
        }
        let index = self.next;
        self.next += 1;
        let start = out.len();
        let moment = self.calendar.moment(index);
        let mut dice = Dice::new(self.seed, index, Purpose::Contents);
        if index % NOTICE_EVERY == NOTICE_EVERY - 1 {
            self.writer.delete_notice(out, index, moment, &mut dice);
        } else {
            self.writer.status(out, index, moment, &mut dice);
        }
        let mut damage = Dice::new(self.seed, index, Purpose::Damage);
        if damage.next() >> 11 < self.malformed {
            damage::spoil(out, start, &mut damage);
        }
        out.push(b'\n');
        true
    }
}
