//! The promises about synthetic statuses as a whole.

use serde_json::Value;

use super::Synthetic;
use super::topics::{TOPICS, Topic};

fn made(records: u64, seed: u64, malformed: f64) -> Vec<u8> {
    let mut source = Synthetic::new(records, seed, malformed);
    let mut out = Vec::new();
    while source.append(&mut out) {}
    out
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n')
}

/// The record in a line, unless it is malformed.
fn record(line: &[u8]) -> Option<Value> {
    serde_json::from_slice(line).ok().filter(Value::is_object)
}

/// 64-bit FNV-1a: enough to notice a change.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

#[test]
fn every_well_formed_line_is_a_status_with_a_text_or_a_delete_notice() {
    let bytes = made(5_000, 3, 0.0);
    let mut notices = 0;
    for line in lines(&bytes) {
        let status = record(line).unwrap_or_else(|| panic!("{}", line.escape_ascii()));
        if status["delete"]["status"]["id_str"].is_string() {
            notices += 1;
            assert!(status["text"].is_null());
            continue;
        }
        let words = status["text"].as_str().unwrap().split_whitespace().count();
        assert!((8..=32).contains(&words), "{words} words: {}", status["text"]);
        for field in ["/created_at", "/id_str", "/lang", "/source", "/user/id_str"] {
            assert!(status.pointer(field).is_some_and(Value::is_string), "{field}: {status}");
        }
        assert_eq!(status["id"].to_string(), status["id_str"].as_str().unwrap());
        assert_eq!(status["user"]["id"].to_string(), status["user"]["id_str"].as_str().unwrap());
    }
    assert_eq!(notices, 20);
}

#[test]
fn entities_have_the_positions_of_their_characters() {
    let bytes = made(1_500, 5, 0.0);
    let mut counts = [0; 3];
    for status in lines(&bytes).filter_map(record).filter(|status| status["text"].is_string()) {
        let text: Vec<char> = status["text"].as_str().unwrap().chars().collect();
        let lists =
            [("hashtags", "text", "#"), ("urls", "url", ""), ("user_mentions", "screen_name", "@")];
        for ((list, name, sign), count) in lists.into_iter().zip(&mut counts) {
            for entity in status["entities"][list].as_array().unwrap() {
                let index =
                    |end: usize| usize::try_from(entity["indices"][end].as_u64().unwrap()).unwrap();
                let part: String = text[index(0)..index(1)].iter().collect();
                assert_eq!(part, format!("{sign}{}", entity[name].as_str().unwrap()));
                *count += 1;
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 200), "{counts:?}");
}

#[test]
fn the_share_of_malformed_lines_is_the_given_one() {
    let all: u32 = 5_000;
    for rate in [0.0, 0.003, 0.05, 0.5, 1.0] {
        let bytes = made(all.into(), 11, rate);
        assert_eq!(lines(&bytes).count(), all as usize, "damage makes no lines");
        let bad: u32 = lines(&bytes).map(|line| u32::from(record(line).is_none())).sum();
        let bad = f64::from(bad);
        let expected = rate * f64::from(all);
        let spread = 5.0 * (expected * (1.0 - rate)).sqrt();
        assert!((bad - expected).abs() <= spread, "{rate}: {bad} of {all}");
    }
}

#[test]
fn malformed_lines_have_every_defect_except_their_length() {
    let bytes = made(10_000, 11, 0.1);
    let bad: Vec<_> = lines(&bytes).filter(|line| record(line).is_none()).collect();
    let some = |what: &str, is: &dyn Fn(&[u8], &str) -> bool| {
        let error = |line: &[u8]| match serde_json::from_slice::<Value>(line) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        let count = bad.iter().filter(|line| is(line, &error(line))).count();
        assert!(count > 5, "{what}: {count} of {}", bad.len());
    };
    some("not UTF-8", &|line, _| std::str::from_utf8(line).is_err());
    some("truncated", &|_, error| error.contains("EOF"));
    some("escape", &|_, error| error.contains("escape"));
    some("control character", &|_, error| error.contains("control character"));
    some("trailing", &|_, error| error.contains("trailing characters"));
    some("number", &|_, error| error.contains("number") || error.contains("expected value"));
    some("too deep", &|_, error| error.contains("recursion limit"));
    some("no object", &|line, error| error.is_empty() && !line.starts_with(b"{"));
    assert!(bad.iter().all(|line| !line.trim_ascii().is_empty()), "none is blank");
}

#[test]
fn a_status_takes_about_four_hundred_bytes() {
    let size = made(10_000, 1, 0.0).len() / 10_000;
    assert!((350..=450).contains(&size), "{size}");
}

#[test]
fn every_release_makes_the_same_bytes() {
    let bytes = made(2_000, 7, 0.03);
    assert_eq!((bytes.len(), fingerprint(&bytes)), (878_487, 0x93AB_E1F1_655C_5FF0));
}

#[test]
fn a_line_is_the_same_in_one_buffer_and_alone() {
    let whole = made(1_000, 7, 0.1);
    let mut source = Synthetic::new(1_000, 7, 0.1);
    let mut start = 0;
    let mut line = Vec::new();
    while source.append(&mut line) {
        assert!(whole[start..].starts_with(&line), "at {start}");
        start += line.len();
        line.clear();
    }
    assert_eq!(start, whole.len());
    assert!(!source.append(&mut line) && line.is_empty(), "the end stays the end");
}

#[test]
fn damage_changes_no_other_line() {
    let (good, spoilt) = (made(3_000, 7, 0.0), made(3_000, 7, 0.2));
    for (good, spoilt) in lines(&good).zip(lines(&spoilt)) {
        assert!(good == spoilt || record(spoilt).is_none());
    }
}

#[test]
fn another_seed_makes_other_statuses_and_no_records_make_nothing() {
    assert_ne!(made(10, 1, 0.0), made(10, 2, 0.0));
    assert_eq!(made(0, 1, 0.0), b"");
}

/// The hour of the week of a status.
fn hour(status: &Value) -> usize {
    let time = status["created_at"].as_str().unwrap();
    let number = |range: std::ops::Range<usize>| time[range].parse::<usize>().unwrap();
    24 * (number(8..10) - 5) + number(11..13)
}

#[test]
fn topics_occur_in_their_hours() {
    let bytes = made(30_000, 2, 0.0);
    let mut within = [0; TOPICS.len()];
    let mut outside = [0; TOPICS.len()];
    let mut last = 0;
    for status in lines(&bytes).filter_map(record).filter(|status| status["text"].is_string()) {
        let hour = hour(&status);
        assert!(hour >= last, "in time order");
        last = hour;
        let text = status["text"].as_str().unwrap().to_lowercase();
        for (number, topic) in
            TOPICS.iter().enumerate().filter(|(_, topic)| text.contains(topic.name))
        {
            let counts = if topic.hours().contains(&hour) { &mut within } else { &mut outside };
            counts[number] += 1;
        }
    }
    for (number, Topic { name, .. }) in TOPICS.iter().enumerate() {
        let (within, outside) = (within[number], outside[number]);
        assert!(within > 250 && within > 6 * outside, "{name}: {within}, else {outside}");
    }
    assert_eq!(outside[3], 0, "{} occurs before its hours", TOPICS[3].name);
}
