//! Times in every format, against chrono, which shares no code with this crate.

use chrono::{DateTime, Duration, NaiveDate, SecondsFormat, TimeZone as _, Utc};
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Option<i64> {
    event_time(text.as_bytes())
}

fn utc(seconds: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(seconds, 0).unwrap()
}

/// A time in each format, in a zone with an offset.
fn written(seconds: i64, offset_minutes: i32) -> Vec<String> {
    let zone = chrono::FixedOffset::east_opt(offset_minutes * 60).unwrap();
    let local = utc(seconds).with_timezone(&zone);
    [
        "%a %b %d %H:%M:%S %z %Y",
        "%a, %d %b %Y %H:%M:%S %z",
        "%d %b %Y %H:%M:%S %z",
        "%Y-%m-%dT%H:%M:%S%:z",
        "%Y-%m-%d %H:%M:%S%z",
        "%Y-%m-%dt%H:%M:%S.999999999%:z",
        "%Y%m%dT%H%M%S%z",
    ]
    .iter()
    .map(|format| local.format(format).to_string())
    .collect()
}

#[test]
fn every_format_is_read() {
    let expected = Some(1_539_202_764);
    for text in [
        "Wed Oct 10 20:19:24 +0000 2018",
        "Wed Oct 10 22:19:24 +0200 2018",
        "wed oct 10 20:19:24 +0000 2018",
        "Wed, 10 Oct 2018 20:19:24 +0000",
        "Wed, 10 Oct 2018 20:19:24 GMT",
        "Wed,10 Oct 2018 20:19:24 Z",
        "10 Oct 2018 16:19:24 EDT",
        "10 Oct 18 12:19:24 pst",
        "10  Oct\t118 20:19:24 UT",
        "2018-10-10T20:19:24Z",
        "2018-10-10t20:19:24z",
        "2018-10-10 20:19:24",
        "2018-10-10 20:19:24 UTC",
        "2018-10-10 20:19:24 +0000",
        "2018-10-10T20:19:24.999Z",
        "2018-10-10T20:19:24,5+00",
        "2018-10-10T22:19:24+02:00",
        "2018-10-10T14:49:24-05:30",
        "20181010T201924Z",
        "20181010T201924",
        "1539202764",
        "1539202764.75",
        "1539202764000",
        "1539202764999999",
        "1539202764000000000",
        "  1539202764\n",
        "0001539202764",
    ] {
        assert_eq!(at(text), expected, "{text}");
    }
}

#[test]
fn missing_parts_of_a_time_are_zero() {
    assert_eq!(at("2018-10-10"), Some(1_539_129_600));
    assert_eq!(at("2018-10-10T20:19Z"), Some(1_539_202_740));
    assert_eq!(at("20181010T2019+0100"), Some(1_539_199_140));
    assert_eq!(at("10 Oct 2018 20:19 +0000"), Some(1_539_202_740));
}

#[test]
fn the_end_of_a_day_and_a_leap_second_are_the_next_midnight() {
    let midnight = at("2017-01-01T00:00:00Z");
    assert_eq!(at("2016-12-31T24:00:00Z"), midnight);
    assert_eq!(at("2016-12-31T23:59:60Z"), midnight);
    assert_eq!(at("2016-12-31T24:00:01Z"), None);
}

#[test]
fn times_before_1970_and_at_both_ends_of_the_range_are_read() {
    for (text, seconds) in [
        ("-1", -1),
        ("-1.5", -2),
        ("-1.0", -1),
        ("-8640000000", -8_640_000_000),
        ("-100000000001", -100_000_001),
        ("1969-12-31T23:59:59Z", -1),
        ("0001-01-01T00:00:00Z", calendar::FIRST),
        ("0000-12-31T23:00:00-01:00", calendar::FIRST),
        ("9999-12-31T23:59:59Z", calendar::LAST),
    ] {
        assert_eq!(at(text), Some(seconds), "{text}");
    }
}

#[test]
fn texts_that_are_not_times_are_refused() {
    for text in [
        "",
        " ",
        "-",
        "now",
        "null",
        "Wed",
        "2018",
        "2018-10",
        "2018-13-01",
        "2018-00-01",
        "2018-02-29",
        "1900-02-29",
        "2018-04-31",
        "2018-10-00",
        "2018-10-10T",
        "2018-10-10T20",
        "2018-10-10T20:19:24+24:00",
        "2018-10-10T20:19:24+01:60",
        "2018-10-10T25:00:00Z",
        "2018-10-10T20:60:00Z",
        "2018-10-10T20:19:61Z",
        "2018-10-10T20:19:24.Z",
        "2018-10-10T20:19:24Zx",
        "2018-10-10T2019:24Z",
        "20181010T20:19",
        "2018-10-10x20:19:24",
        "2018-W41-3",
        "2018-283",
        "10000-01-01T00:00:00Z",
        "0000-12-31T23:59:59Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "99999999999.x",
        "1e9",
        "1.",
        "+1",
        "1539202764000.5",
        "-62135596801",
        "123456789012345678901",
        "١٥٣٩٢٠٢٧٦٤",
        "Thu Oct 10 20:19:24 +0000 2018",
        "Wed Oct 10 20:19:24 2018",
        "Wed Okt 10 20:19:24 +0000 2018",
        "Wed Oct 10 20:19:24 +0000 2018 x",
        "Wed Feb 30 20:19:24 +0000 2018",
        "Tue, 10 Oct 2018 20:19:24 +0000",
        "Wed, 10 Oct 2018 20:19:24",
        "Wed 10 Oct 2018 20:19:24 +0000",
        "10 Oct 2018 20:19:24 XYZ",
        "10 Oct 2018 20:19:24 +0000 (UTC)",
        "10 Oct 2 20:19:24 +0000",
    ] {
        // A bare year is read as a number of seconds.
        let expected = (text == "2018").then_some(2018);
        assert_eq!(at(text), expected, "{text:?}");
    }
}

#[test]
fn every_day_of_ten_thousand_years_equals_that_of_chrono() {
    let mut day = NaiveDate::from_ymd_opt(1, 1, 1).unwrap();
    let mut seconds = calendar::FIRST;
    let mut days = 0;
    while seconds <= calendar::LAST {
        let status = day.format("%a %b %d 00:00:00 +0000 %Y").to_string();
        assert_eq!(at(&status), Some(seconds), "{status}");
        seconds += 86_400;
        day = day.checked_add_signed(Duration::days(1)).unwrap();
        days += 1;
    }
    assert_eq!(days, 3_652_059);
}

#[test]
fn every_second_of_a_day_equals_that_of_chrono() {
    for second in 0..86_400 {
        let text = utc(second).to_rfc3339_opts(SecondsFormat::Secs, true);
        assert_eq!(at(&text), Some(second), "{text}");
    }
}

#[test]
fn every_offset_is_subtracted() {
    for minutes in -1439..=1439 {
        for text in written(1_539_202_764, minutes) {
            assert_eq!(at(&text), Some(1_539_202_764), "{text}");
        }
    }
}

proptest! {
    #[test]
    fn times_that_chrono_writes_are_read(
        seconds in -62_135_000_000..253_402_000_000_i64, minutes in -1439..=1439_i32
    ) {
        for text in written(seconds, minutes) {
            prop_assert_eq!(at(&text), Some(seconds), "{}", text);
        }
    }

    #[test]
    fn times_that_chrono_reads_as_rfc_3339_are_read_as_equal(
        text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,9})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])"
    ) {
        if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
            let seconds = time.timestamp() + i64::from(time.timestamp_subsec_nanos() >= 1_000_000_000);
            let expected = (calendar::FIRST..=calendar::LAST).contains(&seconds).then_some(seconds);
            prop_assert_eq!(at(&text), expected);
        }
    }

    #[test]
    fn a_number_since_the_epoch_is_read_in_every_unit(seconds in 100_000_000..99_999_999_999_i64, part in 0..1000_i64) {
        prop_assert_eq!(at(&seconds.to_string()), Some(seconds));
        let milliseconds = i128::from(seconds) * 1000 + i128::from(part);
        for zeros in ["", "000", "000000"] {
            prop_assert_eq!(at(&format!("{milliseconds}{zeros}")), Some(seconds));
            let before = (-milliseconds).div_euclid(1000) as i64;
            let expected = (before >= calendar::FIRST).then_some(before);
            prop_assert_eq!(at(&format!("-{milliseconds}{zeros}")), expected);
        }
    }

    #[test]
    fn no_bytes_cause_a_panic(text in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = event_time(&text);
    }

    #[test]
    fn every_time_that_is_read_is_within_bounds(text in "[-+:., TZ0-9aedOctWJn]{0,40}") {
        if let Some(seconds) = at(&text) {
            prop_assert!((calendar::FIRST..=calendar::LAST).contains(&seconds));
        }
    }
}
