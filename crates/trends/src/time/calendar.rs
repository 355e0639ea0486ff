//! The proleptic Gregorian calendar. Owns the days that exist and their distance from 1970; knows
//! nothing of how they are written.

/// 0001-01-01T00:00:00Z.
pub(super) const FIRST: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z.
pub(super) const LAST: i64 = 253_402_300_799;

const SECONDS_PER_DAY: i64 = 86_400;

/// A day that exists.
#[derive(Clone, Copy)]
pub(super) struct Day {
    since_1970: i64,
}

impl Day {
    /// `None` if the calendar has no such day, or the year has more than four digits.
    pub(super) fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        if !(0..=9999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        if !(1..=days_in_month(year, month)).contains(&day) {
            return None;
        }
        Some(Self { since_1970: days_from_civil(year, month, day) })
    }

    /// The day of the week, 0 for Sunday. 1970-01-01 was a Thursday.
    pub(super) fn weekday(self) -> i64 {
        (self.since_1970 + 4).rem_euclid(7)
    }

    /// Seconds since 1970 of a time of this day, `offset` seconds east of UTC. `None` unless the
    /// hour is below 24, the minute below 60 and the second at most 60 (a leap second), or the time
    /// is 24:00:00, the end of a day in ISO 8601.
    pub(super) fn at(self, hour: i64, minute: i64, second: i64, offset: i64) -> Option<i64> {
        let ends_day = hour == 24 && minute == 0 && second == 0;
        let exists =
            (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
        (exists || ends_day).then(|| {
            self.since_1970 * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset
        })
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2014).
/// Years begin in March, so that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
