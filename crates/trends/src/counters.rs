//! The counters that account for every record: read = counted + empty + malformed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::{Empty, Malformed};

/// The numbers of records of a shard or a run, by outcome and reason. Adding is associative and
/// commutative, and the default is its identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordCounts {
    /// All lines.
    pub read: u64,
    /// Records with a text, also those without a term and those of excluded authors.
    pub counted: u64,
    /// Records without a text, by reason; reasons that did not occur are absent.
    pub empty: BTreeMap<String, u64>,
    /// Malformed lines, by reason; reasons that did not occur are absent.
    pub malformed: BTreeMap<String, u64>,
}

impl RecordCounts {
    /// Number of records without a text.
    pub fn empty_total(&self) -> u64 {
        self.empty.values().sum()
    }

    /// Number of malformed lines.
    pub fn malformed_total(&self) -> u64 {
        self.malformed.values().sum()
    }

    /// Returns true if every record is in exactly one counter: read = counted + empty + malformed.
    pub fn account_for_all(&self) -> bool {
        let reasons = self.empty.values().chain(self.malformed.values());
        let sum = reasons.copied().chain([self.counted]).try_fold(0, u64::checked_add);
        sum == Some(self.read)
    }

    /// The share of malformed lines among the lines that are not blank, in percent, 0 to 100.
    pub fn malformed_percent(&self) -> f64 {
        let lines = self.not_blank();
        if lines == 0 { 0.0 } else { self.malformed_total() as f64 * 100.0 / lines as f64 }
    }

    /// Number of lines that are not blank.
    pub fn not_blank(&self) -> u64 {
        self.read - self.empty.get(Empty::Blank.name()).copied().unwrap_or(0)
    }

    /// Adds the records of another shard.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.counted += other.counted;
        for (reason, count) in &other.empty {
            *self.empty.entry(reason.clone()).or_default() += count;
        }
        for (reason, count) in &other.malformed {
            *self.malformed.entry(reason.clone()).or_default() += count;
        }
    }
}

/// [`RecordCounts`] while lines are being judged: arrays instead of maps, for one addition per
/// line.
#[derive(Debug, Clone, Default)]
pub struct RecordTally {
    counted: u64,
    empty: [u64; Empty::ALL.len()],
    malformed: [u64; Malformed::ALL.len()],
}

impl RecordTally {
    /// Adds a record with a text.
    pub fn counted(&mut self) {
        self.counted += 1;
    }

    /// Adds a record without a text.
    pub fn empty(&mut self, reason: Empty) {
        self.empty[reason as usize] += 1;
    }

    /// Adds a malformed line.
    pub fn malformed(&mut self, reason: Malformed) {
        self.malformed[reason as usize] += 1;
    }

    /// Number of lines judged.
    pub fn read(&self) -> u64 {
        self.counted + self.empty.iter().sum::<u64>() + self.malformed.iter().sum::<u64>()
    }

    /// The counters by the names of their reasons.
    pub fn counts(&self) -> RecordCounts {
        let occurred = |(name, count): (&str, u64)| (count > 0).then(|| (name.to_owned(), count));
        let empty = Empty::ALL.map(|reason| (reason.name(), self.empty[reason as usize]));
        let malformed =
            Malformed::ALL.map(|reason| (reason.name(), self.malformed[reason as usize]));
        RecordCounts {
            read: self.read(),
            counted: self.counted,
            empty: empty.into_iter().filter_map(occurred).collect(),
            malformed: malformed.into_iter().filter_map(occurred).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally() -> RecordTally {
        let mut tally = RecordTally::default();
        tally.counted();
        tally.empty(Empty::Blank);
        tally.empty(Empty::NoText);
        tally.malformed(Malformed::Utf8);
        tally
    }

    #[test]
    fn every_line_is_in_exactly_one_counter() {
        let counts = tally().counts();
        assert_eq!(counts.read, 4);
        assert_eq!(counts.read, counts.counted + counts.empty_total() + counts.malformed_total());
        assert!(counts.account_for_all());
    }

    #[test]
    fn a_record_that_is_missing_or_in_two_counters_is_noticed() {
        let off = [
            RecordCounts { read: 5, ..tally().counts() },
            RecordCounts { counted: 2, ..tally().counts() },
            RecordCounts { counted: u64::MAX, ..tally().counts() },
        ];
        for counts in off {
            assert!(!counts.account_for_all(), "{counts:?}");
        }
    }

    #[test]
    fn blank_lines_do_not_dilute_the_malformed_percentage() {
        let share = tally().counts().malformed_percent();
        assert!((share - 100.0 / 3.0).abs() < 1e-9, "{share}");
        assert!(RecordCounts::default().malformed_percent().abs() < f64::EPSILON);
    }

    #[test]
    fn adding_has_an_identity_and_does_not_depend_on_order() {
        let one = tally().counts();
        let mut left = RecordCounts::default();
        left.add(&one);
        assert_eq!(left, one);
        let other = RecordCounts { read: 5, counted: 5, ..RecordCounts::default() };
        let mut right = other.clone();
        right.add(&one);
        left.add(&other);
        assert_eq!(left, right);
    }
}
