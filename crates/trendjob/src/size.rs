//! Sizes in bytes, such as 64Mi. Owns the notation and its limits; doesn't know what a size is for.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The pattern of a size in a manifest.
pub(crate) const SIZE_PATTERN: &str = "^[0-9]{1,15}([KMGT]i?B?)?$";

const UNITS: [(&str, u64); 8] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("K", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
];

/// A number of bytes, written as 65536, 64Ki, 64KiB, 64M or 64MB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(pub u64);

/// The error for a text that is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a size: write bytes as 65536, 64Ki, 64KiB, 64M or 64MB (K, M, G or T)")]
pub struct InvalidSize(String);

impl Size {
    /// A number of KiB.
    pub const fn kibibytes(count: u64) -> Self {
        Self(count << 10)
    }

    /// A number of MiB.
    pub const fn mebibytes(count: u64) -> Self {
        Self(count << 20)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = InvalidSize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self).ok_or_else(|| InvalidSize(text.to_owned()))
    }
}

/// Returns the number of bytes; `None` if the text is not a size or doesn't fit into 64 bits.
fn parse(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=15).contains(&digits) {
        return None;
    }
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    if unit.is_empty() {
        return Some(number);
    }
    let unit = unit.strip_suffix('B').unwrap_or(unit);
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*factor)
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let binary = UNITS[..4]
            .iter()
            .rev()
            .find(|(_, factor)| self.0 != 0 && self.0.is_multiple_of(*factor));
        match binary {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Notation {
            Bytes(u64),
            Text(String),
        }
        match Notation::deserialize(deserializer)? {
            Notation::Bytes(bytes) => Ok(Self(bytes)),
            Notation::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

impl JsonSchema for Size {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-int-or-string": true,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "pattern": SIZE_PATTERN,
            "maxLength": 18,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_of_a_size_is_read() {
        for (text, bytes) in [
            ("65536", 65_536),
            ("64Ki", 65_536),
            ("64KiB", 65_536),
            ("64M", 64_000_000),
            ("64MB", 64_000_000),
            ("2Gi", 2 << 30),
            ("1T", 1_000_000_000_000),
            ("0", 0),
        ] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
    }

    #[test]
    fn the_error_shows_the_text_and_a_valid_size() {
        for text in ["", "Mi", "64 Mi", "-1", "1.5Gi", "64mb", "64B", "64KBi", "999999999999999T"] {
            let error = text.parse::<Size>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")) && error.contains("64Ki"), "{error}");
        }
    }

    #[test]
    fn a_shown_size_is_read_again() {
        for (bytes, text) in
            [(0, "0"), (1, "1"), (1 << 26, "64Mi"), (1 << 40, "1Ti"), (1000, "1000")]
        {
            assert_eq!(Size(bytes).to_string(), text);
            assert_eq!(text.parse(), Ok(Size(bytes)));
        }
    }

    #[test]
    fn a_manifest_has_sizes_as_numbers_and_texts() {
        assert_eq!(serde_json::from_str::<Size>("65536").unwrap(), Size(65_536));
        assert_eq!(serde_json::from_str::<Size>("\"64KiB\"").unwrap(), Size(65_536));
        assert_eq!(serde_json::to_string(&Size::mebibytes(64)).unwrap(), "\"64Mi\"");
        assert!(serde_json::from_str::<Size>("-1").is_err());
    }
}
