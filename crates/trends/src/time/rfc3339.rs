//! Writing a time as RFC 3339 text in UTC.

/// Days of 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;
/// Days from the first of March of the year 0 to the epoch.
const EPOCH: i64 = 719_468;

/// Formats seconds since the epoch as `2016-03-01T12:00:00Z`. [`super::event_time`] reads the text
/// if the year is 1 to 9999.
pub fn rfc3339(seconds: i64) -> String {
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(day);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Converts days since the epoch to year, month and day (H. Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms"). Years begin in March until the last line, so that the leap day is the last of
/// its year.
fn civil(days: i64) -> (i64, i64, i64) {
    let from_march = days + EPOCH;
    let (era, of_era) = (from_march.div_euclid(ERA_DAYS), from_march.rem_euclid(ERA_DAYS));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / (ERA_DAYS - 1)) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_times_are_written_as_rfc_3339_has_them() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59Z");
        assert_eq!(rfc3339(1_483_228_800), "2017-01-01T00:00:00Z");
    }

    proptest! {
        #[test]
        fn a_written_time_is_read_again(seconds in -62_135_596_800_i64..253_402_300_800) {
            let read = crate::time::event_time(rfc3339(seconds).as_bytes());
            prop_assert_eq!(read, Some(seconds));
        }
    }
}
