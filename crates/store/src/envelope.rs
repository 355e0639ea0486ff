//! The envelope of every value under a [`Key`]: its format number, its content, and a checksum.
//! Owns the JSON around the content; knows nothing of the content.
//!
//! ```text
//! {"format":1, ...,"check":"0123456789abcdef"}
//! ```
//!
//! `check` is always the last member: the `xxh3_64`, in 16 hexadecimal digits, of the key, a
//! newline, and all bytes before the comma. So a value under another key than its own is damaged,
//! too. Programs that don't know `check` skip it, so a store serves earlier releases beside this
//! one, and the format number stays as it is.
//!
//! Values of earlier releases have no checksum and stay readable. A value whose end only resembles
//! a checksum is damaged, so no flipped bit makes a checked value look like one of them.

use std::ops::RangeInclusive;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use crate::{Key, StoreError};

/// The bytes before the digits of a checksum.
const BEFORE: [u8; 10] = *br#","check":""#;

/// The bytes after the digits of a checksum.
const AFTER: [u8; 2] = *br#""}"#;

/// The number of digits of a checksum.
const DIGITS: usize = 16;

/// The bytes from the comma before a checksum to the end of the value.
const TAIL: usize = BEFORE.len() + DIGITS + AFTER.len();

/// The most differing bits of an end that resembles a checksum. The ends of unchecked values differ
/// from it in twenty bits and more.
const RESEMBLES: u32 = 4;

#[derive(Serialize)]
struct Envelope<'a, T> {
    format: u32,
    #[serde(flatten)]
    content: &'a T,
}

/// Returns the bytes of a value to insert under `key`. `content` is a struct or a map; none of its
/// members is called `format` or `check`.
pub(crate) fn seal<T: Serialize>(key: &Key, format: u32, content: &T) -> Result<Bytes, StoreError> {
    let json = serde_json::to_vec(&Envelope { format, content });
    let mut text = json.map_err(|error| StoreError::damaged(key, &error))?;
    text.pop();
    let check = checksum(key, &text);
    text.extend_from_slice(&BEFORE);
    text.extend_from_slice(check.as_bytes());
    text.extend_from_slice(&AFTER);
    Ok(text.into())
}

/// Checks the bytes under `key` and parses them. `formats` are the known formats; a value without a
/// format number has format 0.
///
/// # Errors
/// `Damaged` for a wrong checksum, an older format and content of another type; `Newer` for a newer
/// format, whatever its content is.
pub(crate) fn open<T: DeserializeOwned>(
    key: &Key,
    stored: &[u8],
    formats: RangeInclusive<u32>,
) -> Result<T, StoreError> {
    check(key, stored)?;
    check_format(key, stored, formats)?;
    parse(key, stored)
}

/// Checks the checksum of a value, if it has one. Returns true if it has.
pub(crate) fn check(key: &Key, stored: &[u8]) -> Result<bool, StoreError> {
    let Some((text, tail)) = stored.split_last_chunk::<TAIL>() else { return Ok(false) };
    let (before, rest) = tail.split_at(BEFORE.len());
    let (digits, after) = rest.split_at(DIGITS);
    match differing_bits(before, &BEFORE) + differing_bits(after, &AFTER) {
        0 => {}
        1..=RESEMBLES => return Err(StoreError::damaged(key, &"the name of its checksum differs")),
        _ => return Ok(false),
    }
    let expected = checksum(key, text);
    if digits == expected.as_bytes() {
        return Ok(true);
    }
    let found = digits.escape_ascii();
    let what = format_args!("its checksum is {expected} instead of {found}");
    Err(StoreError::damaged(key, &what))
}

/// Checks that the format number of a JSON value is one of `formats`.
fn check_format(key: &Key, stored: &[u8], formats: RangeInclusive<u32>) -> Result<(), StoreError> {
    #[derive(Deserialize)]
    struct FormatField {
        #[serde(default)]
        format: u32,
    }
    let FormatField { format } = parse(key, stored)?;
    if format > *formats.end() {
        let (place, known) = (key.to_string(), *formats.end());
        return Err(StoreError::Newer { place, found: format, known });
    }
    if formats.contains(&format) {
        return Ok(());
    }
    Err(StoreError::damaged(key, &"it has no format number"))
}

fn parse<T: DeserializeOwned>(key: &Key, stored: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(stored).map_err(|error| StoreError::damaged(key, &error))
}

fn checksum(key: &Key, text: &[u8]) -> String {
    let mut hasher = Xxh3::new();
    hasher.update(key.to_string().as_bytes());
    hasher.update(b"\n");
    hasher.update(text);
    format!("{:016x}", hasher.digest())
}

fn differing_bits(found: &[u8], expected: &[u8]) -> u32 {
    found.iter().zip(expected).map(|(found, expected)| (found ^ expected).count_ones()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RunId, SourceName};

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    struct Content {
        run: String,
        #[serde(default)]
        start: u64,
    }

    fn key(n: u64) -> Key {
        Key::start(&SourceName::new("sample").unwrap(), n)
    }

    fn content() -> Content {
        Content { run: "0192a-1".to_owned(), start: 41 }
    }

    #[test]
    fn a_sealed_value_is_json_with_its_checksum_last() {
        // Golden bytes: other releases read and write them. The digits are those of xxhsum -H3.
        let sealed = seal(&key(7), 1, &content()).unwrap();
        let expected = r#"{"format":1,"run":"0192a-1","start":41,"check":"d1d151adbf18dceb"}"#;
        assert_eq!(std::str::from_utf8(&sealed).unwrap(), expected);
        assert_eq!(open::<Content>(&key(7), &sealed, 1..=1).unwrap(), content());
        assert!(check(&key(7), &sealed).unwrap());
    }

    #[test]
    fn any_flipped_bit_is_damage_that_names_the_key() {
        let sealed = seal(&key(7), 1, &content()).unwrap();
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut flipped = sealed.to_vec();
                flipped[at] ^= 1 << bit;
                let found = open::<Content>(&key(7), &flipped, 0..=1);
                let shown = flipped.escape_ascii();
                let Err(StoreError::Damaged { key: named, .. }) = found else {
                    panic!("{shown}: {found:?}")
                };
                assert_eq!(named, key(7).to_string());
            }
        }
    }

    #[test]
    fn a_cut_value_and_the_value_of_another_key_are_damaged() {
        let sealed = seal(&key(7), 1, &content()).unwrap();
        for end in 0..sealed.len() {
            let found = open::<Content>(&key(7), &sealed[..end], 0..=1);
            assert!(matches!(found, Err(StoreError::Damaged { .. })), "{end}: {found:?}");
        }
        let found = open::<Content>(&key(8), &sealed, 0..=1);
        assert!(matches!(found, Err(StoreError::Damaged { .. })), "{found:?}");
    }

    #[test]
    fn values_of_earlier_releases_are_read_without_a_checksum() {
        let retired = Key::retired(&RunId::new("run").unwrap());
        for (key, stored) in [
            (key(7), r#"{"run":"0192a-1"}"#),
            (key(7), r#"{"format":1,"run":"0192a-1","start":41}"#),
            (retired, r#"{"format":1,"run":"0192a-1","checked":"0123456789abcdef"}"#),
        ] {
            assert_eq!(open::<Content>(&key, stored.as_bytes(), 0..=1).unwrap().run, "0192a-1");
            assert!(!check(&key, stored.as_bytes()).unwrap());
        }
    }

    #[test]
    fn programs_that_do_not_know_checksums_read_checked_values() {
        #[derive(Deserialize)]
        struct Earlier {
            format: u32,
            #[serde(flatten)]
            content: Content,
        }
        let sealed = seal(&key(7), 1, &content()).unwrap();
        let Earlier { format, content: read } = serde_json::from_slice(&sealed).unwrap();
        assert_eq!((format, read), (1, content()));
    }

    #[test]
    fn a_newer_format_is_refused_by_its_number() {
        let sealed = seal(&key(7), 9, &content()).unwrap();
        let unchecked = br#"{"format":9,"another":"layout"}"#;
        for stored in [&sealed[..], &unchecked[..]] {
            let found = open::<Content>(&key(7), stored, 0..=1);
            assert!(
                matches!(found, Err(StoreError::Newer { found: 9, known: 1, .. })),
                "{found:?}"
            );
        }
        let unversioned = br#"{"run":"0192a-1"}"#;
        let found = open::<Content>(&key(7), unversioned, 1..=1);
        assert!(matches!(found, Err(StoreError::Damaged { .. })), "{found:?}");
    }
}
