//! Kinds, scores and profiles as manifests write them: in upper camel case. Owns the serialization
//! and the schema of these fields; `vocabulary` owns the names.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serializer,
    de::{self, Unexpected},
};
use vocabulary::{Kind, Score};

/// Every score, in the order of the first version of the definition. The order never changes.
const SCORES: [Score; 6] =
    [Score::Burst, Score::Peak, Score::Keyness, Score::Popular, Score::ChiSquare, Score::Count];

/// The name of a kind or a score in manifests.
pub(crate) trait ManifestName: Copy + 'static {
    /// Every value, in the order of the definition.
    const VALUES: &'static [Self];

    /// The name in manifests.
    fn in_manifest(self) -> &'static str;
}

impl ManifestName for Kind {
    const VALUES: &'static [Self] = &Self::ALL;

    fn in_manifest(self) -> &'static str {
        self.manifest_name()
    }
}

impl ManifestName for Score {
    const VALUES: &'static [Self] = &SCORES;

    fn in_manifest(self) -> &'static str {
        self.manifest_name()
    }
}

/// Writes a list of names.
pub(crate) fn serialize<T: ManifestName, S: Serializer>(
    values: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|value| value.in_manifest()))
}

/// Reads a list of names.
pub(crate) fn deserialize<'de, T: ManifestName, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let values = names.iter().map(|name| {
        let found = T::VALUES.iter().copied().find(|value| value.in_manifest() == name);
        found.ok_or_else(|| {
            let known: Vec<&str> = T::VALUES.iter().map(|value| value.in_manifest()).collect();
            let expected = format!("one of {}", known.join(", "));
            de::Error::invalid_value(Unexpected::Str(name), &expected.as_str())
        })
    });
    values.collect()
}

/// The schema of a profile.
pub(crate) fn profile(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["Seed", "Social"] })
}

/// The schema of the choice of a reference.
pub(crate) fn reference(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["Trailing", "Seasonal"] })
}

/// The schema of a list of kinds.
pub(crate) fn kinds(_: &mut SchemaGenerator) -> Schema {
    list::<Kind>("A kind of term.")
}

/// The schema of a list of scores.
pub(crate) fn scores(_: &mut SchemaGenerator) -> Schema {
    list::<Score>("A score beside the count.")
}

fn list<T: ManifestName>(description: &str) -> Schema {
    let names: Vec<&str> = T::VALUES.iter().map(|value| value.in_manifest()).collect();
    json_schema!({
        "type": "array",
        "items": { "type": "string", "description": description, "enum": names },
        "minItems": 1,
        "maxItems": names.len(),
    })
}
