//! Durations, such as 10m. Owns the notation; doesn't know any clock.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The pattern of a duration in a manifest.
pub(crate) const DURATION_PATTERN: &str = "^[0-9]{1,6}[smhd]$";

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A duration in whole seconds, written as 30s, 10m, 1h or 7d.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

/// The error for a text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration: write it as 30s, 10m, 1h or 7d")]
pub struct InvalidDuration(String);

impl Duration {
    /// A number of minutes.
    pub const fn minutes(count: u32) -> Self {
        Self(count as u64 * 60)
    }

    /// The number of seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        Self::from_secs(duration.0)
    }
}

impl FromStr for Duration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self).ok_or_else(|| InvalidDuration(text.to_owned()))
    }
}

/// Returns the number of seconds; `None` if the text is not a duration.
fn parse(text: &str) -> Option<u64> {
    let (unit, factor) = UNITS.iter().find(|(unit, _)| text.ends_with(*unit))?;
    let number = text.strip_suffix(*unit)?;
    if !(1..=6).contains(&number.len()) || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(number.parse::<u64>().ok()? * factor)
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, factor)| self.0 != 0 && self.0.is_multiple_of(*factor));
        match whole {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => write!(f, "{}s", self.0),
        }
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Duration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": DURATION_PATTERN, "maxLength": 7})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_and_shown_in_its_largest_whole_unit() {
        for (text, seconds, shown) in [
            ("0s", 0, "0s"),
            ("90s", 90, "90s"),
            ("10m", 600, "10m"),
            ("60m", 3_600, "1h"),
            ("7d", 604_800, "7d"),
            ("999999d", 86_399_913_600, "999999d"),
        ] {
            let duration: Duration = text.parse().unwrap();
            assert_eq!((duration.seconds(), duration.to_string().as_str()), (seconds, shown));
        }
    }

    #[test]
    fn the_error_shows_the_text_and_a_valid_duration() {
        for text in ["", "m", "10", "10 m", "-1m", "1.5h", "1h30m", "1w", "1234567s"] {
            let error = text.parse::<Duration>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")) && error.contains("10m"), "{error}");
        }
    }
}
