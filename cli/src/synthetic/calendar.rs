//! The times of statuses: the week from Monday, 5 to Sunday, 11 January 2026, in time order, few by
//! night and many in the evening. Owns the mapping from the index of a record to a time, and the
//! printed form of a time; doesn't know the text of a status.

/// Midnight before Monday, 5 January 2026 (UTC), in milliseconds since 1970.
const MONDAY: u64 = 1_767_571_200_000;

/// Milliseconds of an hour.
const HOUR: u64 = 3_600_000;

const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

/// The share of the records in each hour of a day, as a weight.
const BUSY: [u8; 24] =
    [6, 4, 3, 3, 3, 4, 6, 9, 11, 12, 12, 12, 13, 13, 12, 12, 12, 13, 14, 15, 16, 15, 12, 9];

/// A point in the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

impl Moment {
    /// Milliseconds since 1970.
    pub(super) fn millis(self) -> u64 {
        MONDAY + self.0
    }

    /// The hour of the week, 0 to 167.
    pub(super) fn hour(self) -> usize {
        usize::try_from(self.0 / HOUR).unwrap_or_default()
    }

    /// Appends the time in Twitter's notation: `Mon Jan 05 00:00:03 +0000 2026`.
    pub(super) fn append(self, out: &mut Vec<u8>) {
        let seconds = self.0 / 1_000;
        let day = seconds / 86_400;
        out.extend_from_slice(DAYS[usize::try_from(day).unwrap_or_default() % DAYS.len()]);
        out.extend_from_slice(b" Jan ");
        out.extend_from_slice(&two_digits(5 + day));
        for (unit, separator) in [(3_600, b' '), (60, b':'), (1, b':')] {
            out.push(separator);
            out.extend_from_slice(&two_digits(
                seconds / unit % if unit == 3_600 { 24 } else { 60 },
            ));
        }
        out.extend_from_slice(b" +0000 2026");
    }
}

fn two_digits(number: u64) -> [u8; 2] {
    let [units, ..] = (number % 10).to_le_bytes();
    let [tens, ..] = (number / 10 % 10).to_le_bytes();
    [b'0' + tens, b'0' + units]
}

/// Spreads records over the week.
#[derive(Debug)]
pub(super) struct Calendar {
    records: u64,
    /// The records are cut into equal parts, as many as the sum of all weights. An element holds a
    /// part's hour of the week, its number within that hour, and the number of parts in that hour.
    parts: Vec<(u64, u64, u64)>,
}

impl Calendar {
    pub(super) fn new(records: u64) -> Self {
        let hours =
            (0..7).flat_map(|day| (0..24).zip(BUSY).map(move |(h, busy)| (24 * day + h, busy)));
        let parts = hours.flat_map(|(hour, busy)| {
            (0..u64::from(busy)).map(move |part| (hour, part, u64::from(busy)))
        });
        Self { records: records.max(1), parts: parts.collect() }
    }

    /// Returns the time of the record at an index.
    pub(super) fn moment(&self, index: u64) -> Moment {
        let place = u128::from(index) * u128::from(HOUR) * self.parts.len() as u128;
        let place = u64::try_from(place / u128::from(self.records)).unwrap_or(u64::MAX);
        let last = self.parts.len() - 1;
        let part = usize::try_from(place / HOUR).unwrap_or(last).min(last);
        let (hour, part, parts) = self.parts[part];
        Moment(hour * HOUR + (part * HOUR + place % HOUR) / parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(moment: Moment) -> String {
        let mut out = Vec::new();
        moment.append(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn moments_are_printed_in_twitters_notation() {
        assert_eq!(printed(Moment(3_999)), "Mon Jan 05 00:00:03 +0000 2026");
        let end = Moment(7 * 24 * HOUR - 1);
        assert_eq!(printed(end), "Sun Jan 11 23:59:59 +0000 2026");
        assert_eq!(end.hour(), 167);
    }

    #[test]
    fn any_number_of_records_fills_the_week_in_time_order() {
        for records in [1, 2, 999, 100_000] {
            let calendar = Calendar::new(records);
            let moments: Vec<_> = (0..records).map(|index| calendar.moment(index)).collect();
            assert!(moments.is_sorted(), "{records}");
            assert_eq!(moments.first().map(|moment| moment.hour()), Some(0));
            if records > 900 {
                assert_eq!(moments.last().map(|moment| moment.hour()), Some(167));
            }
        }
    }

    #[test]
    fn evenings_are_busier_than_nights() {
        let calendar = Calendar::new(100_000);
        let mut hours = [0; 24];
        for index in 0..100_000 {
            hours[calendar.moment(index).hour() % 24] += 1;
        }
        assert!(hours[20] > 4 * hours[3], "{hours:?}");
    }
}
