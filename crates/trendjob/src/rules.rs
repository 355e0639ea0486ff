//! The rules a schema can't say: each one CEL for the API server, the same in Rust for `validate`,
//! and one message for both. Owns this table; refuses to know where a manifest came from.

use serde_json::{Value, json};
use vocabulary::Kind;

use crate::{
    Duration, FieldError, Size, changes, pattern, schema, schema_check, size::SIZE_PATTERN,
};

/// Says what a name must be.
pub const NAME: &str =
    "must start with a-z, hold only a-z, 0-9 and -, not end in -, and have at most 40 characters";
/// Says what a source must be.
pub const SOURCE_FORM: &str =
    "must start with a-z or 0-9, hold only a-z, 0-9 and -, and have at most 63 characters";
/// Says which sources are taken.
pub const SOURCE_RESERVED: &str = "must not start with trends- or system, which are reserved";
/// Says why a source can't end in a kind.
pub const SOURCE_KIND: &str = "must not end in -word, -hashtag, -mention, -cashtag, -emoji, \
     -phrase or -domain, which name the collections of other kinds";
/// Says which stores can't be read yet.
pub const SCHEME_UNBUILT: &str = "s3, gs, az and hdfs can't be read yet: use file, http or https";
/// Says which schemes there are.
pub const SCHEME_UNKNOWN: &str = "the scheme must be file, http or https";
/// Says what a volume is made of.
pub const VOLUME: &str = "must have exactly one of persistentVolumeClaim and configMap";
/// Says what the preset Custom needs.
pub const CUSTOM_TEXT: &str = "preset Custom needs at least one pointer to the text";
/// Says when pointers are taken.
pub const PRESET_POINTERS: &str =
    "text, time, author, id and language are only for preset Custom: other presets have their own";
/// Says what a pointer must be.
pub const POINTER: &str =
    "a JSON pointer starts with / and writes ~ in a name as ~0 and / as ~1, like /user/name";
/// Says how long a record may be.
pub const RECORD_SIZE: &str = "must be from 1Mi to 64Mi";
/// Says how large a chunk may be.
pub const CHUNK_SIZE: &str = "must be from 1Ki to 1Ti";
/// Says how long a window may be.
pub const WINDOW: &str = "must be from 5m to 7d";
/// Says what needs the profile Social.
pub const SOCIAL_ONLY: &str = "stopWords, scores, baseline, detectLanguage, minAuthors, minCount and exclude are only for profile Social";
/// Says which kinds need the profile Social.
pub const KINDS_SOCIAL: &str = "profile Seed counts words only: other kinds are for profile Social";
/// Says what scores need.
pub const SCORES_WINDOW: &str =
    "scores tell what terms do over time: say how long a window is, as 1h";
/// Says which windows the score of days takes.
pub const CHI_SQUARE_WINDOW: &str =
    "score ChiSquare compares calendar days: choose a window that divides a day, as 1h, 6h or 24h";
/// Says what keyness needs.
pub const KEYNESS_BASELINE: &str =
    "score Keyness compares with a published result: name its source as the baseline";
/// Says what a baseline is for.
pub const BASELINE_KEYNESS: &str =
    "only score Keyness compares with a baseline: ask for it, or leave the baseline out";
/// Says which databases are taken.
pub const DATABASE: &str = "must not be admin, local or config, which belong to MongoDB";
/// Says why a time to live and the deletion of results exclude each other.
pub const TTL_DELETE: &str =
    "must not be set with deletionPolicy Delete, which would delete results by the clock";

/// One rule: where it stands, and what it says in CEL and in Rust.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Where it stands, such as `spec.input.uris[]`; the root is empty.
    pub at: &'static str,
    /// The field below that it is about, such as `.text`; empty for the place itself.
    pub field: &'static str,
    /// The rule as the API server reads it.
    pub cel: &'static str,
    /// What is said when it is broken.
    pub message: &'static str,
    /// Whether a value, with defaults filled in, keeps the rule. A value of a wrong type does: the
    /// schema says what is wrong with it.
    check: fn(&Value) -> bool,
}

const fn rule(
    at: &'static str,
    field: &'static str,
    cel: &'static str,
    message: &'static str,
    check: fn(&Value) -> bool,
) -> Rule {
    Rule { at, field, cel, message, check }
}

macro_rules! pointers {
    ($field:literal) => {
        rule(
            concat!("spec.input.record.", $field, "[]"),
            "",
            "self.matches('^(/([^~/]|~[01])*)+$')",
            POINTER,
            |value| text(value, |text| pattern::matches(pattern::POINTER, text)),
        )
    };
}

macro_rules! social_only {
    ($field:literal) => {
        rule(
            "spec.analysis",
            concat!(".", $field),
            concat!("self.profile == 'Social' || !has(self.", $field, ")"),
            SOCIAL_ONLY,
            |value| value["profile"] == "Social" || value.get($field).is_none(),
        )
    };
}

/// A size in CEL: KB, KiB and K in the notation of Kubernetes, which has k and Ki only.
macro_rules! size {
    ($field:literal) => {
        concat!(
            "quantity(string(self.",
            $field,
            ").replace('B', '').replace('K', 'k').replace('ki', 'Ki'))"
        )
    };
}

/// A text that is no size passes: the schema refuses it, and `quantity` would fail on it.
macro_rules! size_between {
    ($field:literal, $min:literal, $max:literal) => {
        concat!(
            "!has(self.",
            $field,
            ") || !string(self.",
            $field,
            ").matches('^-?[0-9]+([KMGT]i?B?)?$') || (",
            size!($field),
            ".compareTo(quantity('",
            $min,
            "')) >= 0 && ",
            size!($field),
            ".compareTo(quantity('",
            $max,
            "')) <= 0)"
        )
    };
}

/// A duration in CEL, in seconds; CEL's own has no days.
macro_rules! seconds {
    ($field:literal) => {
        concat!(
            "int(self.",
            $field,
            ".substring(0, self.",
            $field,
            ".size() - 1)) * \
             {'s': 1, 'm': 60, 'h': 3600, 'd': 86400}[self.",
            $field,
            ".substring(self.",
            $field,
            ".size() - 1)]"
        )
    };
}

/// Every rule.
pub const RULES: &[Rule] = &[
    rule(
        "",
        ".metadata.name",
        "self.metadata.name.matches('^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$')",
        NAME,
        |value| text(&value["metadata"]["name"], |name| pattern::matches(pattern::NAME, name)),
    ),
    rule("spec.source", "", "self.matches('^[a-z0-9][a-z0-9-]{0,62}$')", SOURCE_FORM, |value| {
        text(value, |source| pattern::matches(pattern::SOURCE, source))
    }),
    rule(
        "spec.source",
        "",
        "!self.startsWith('trends-') && !self.startsWith('system')",
        SOURCE_RESERVED,
        |value| text(value, |source| !["trends-", "system"].iter().any(|p| source.starts_with(p))),
    ),
    rule(
        "spec.source",
        "",
        "!self.matches('-(word|hashtag|mention|cashtag|emoji|phrase|domain)$')",
        SOURCE_KIND,
        |value| text(value, |source| !ends_in_kind(source)),
    ),
    rule(
        "spec.input.uris[]",
        "",
        "!self.matches('^(?i)(s3|gs|az|hdfs)://')",
        SCHEME_UNBUILT,
        |value| text(value, |uri| !scheme_is(uri, &["s3", "gs", "az", "hdfs"])),
    ),
    rule(
        "spec.input.uris[]",
        "",
        "!self.matches('^[a-zA-Z][a-zA-Z0-9+.-]*://') \
         || self.matches('^(?i)(file|https?|s3|gs|az|hdfs)://')",
        SCHEME_UNKNOWN,
        |value| {
            text(value, |uri| {
                scheme(uri).is_none()
                    || scheme_is(uri, &["file", "http", "https", "s3", "gs", "az", "hdfs"])
            })
        },
    ),
    rule(
        "spec.input.volume",
        "",
        "has(self.persistentVolumeClaim) != has(self.configMap)",
        VOLUME,
        |value| value.get("persistentVolumeClaim").is_some() != value.get("configMap").is_some(),
    ),
    rule(
        "spec.input.record",
        ".text",
        "self.preset != 'Custom' || has(self.text)",
        CUSTOM_TEXT,
        |value| value["preset"] != "Custom" || value.get("text").is_some(),
    ),
    rule(
        "spec.input.record",
        ".preset",
        "self.preset == 'Custom' || !(has(self.text) || has(self.time) || has(self.author) \
         || has(self.id) || has(self.language))",
        PRESET_POINTERS,
        |value| {
            let fields = ["text", "time", "author", "id", "language"];
            value["preset"] == "Custom" || fields.iter().all(|field| value.get(field).is_none())
        },
    ),
    pointers!("text"),
    pointers!("time"),
    pointers!("author"),
    pointers!("id"),
    pointers!("language"),
    rule(
        "spec.input",
        ".maxRecordSize",
        size_between!("maxRecordSize", "1Mi", "64Mi"),
        RECORD_SIZE,
        |value| size_within(&value["maxRecordSize"], 1 << 20, 64 << 20),
    ),
    rule(
        "spec.sharding",
        ".chunkSize",
        size_between!("chunkSize", "1Ki", "1Ti"),
        CHUNK_SIZE,
        |value| size_within(&value["chunkSize"], 1 << 10, 1 << 40),
    ),
    rule(
        "spec.analysis",
        ".window",
        concat!(
            "!has(self.window) || !self.window.matches('^[0-9]{1,6}[smhd]$') || (",
            seconds!("window"),
            " >= 300 && ",
            seconds!("window"),
            " <= 604800)"
        ),
        WINDOW,
        |value| duration_within(&value["window"], 300, 604_800),
    ),
    rule(
        "spec.analysis",
        ".kinds",
        "self.profile == 'Social' || self.kinds.all(kind, kind == 'Word')",
        KINDS_SOCIAL,
        |value| {
            let mut kinds = value["kinds"].as_array().into_iter().flatten();
            value["profile"] == "Social" || kinds.all(|kind| kind == "Word")
        },
    ),
    rule(
        "spec.analysis",
        ".scores",
        "has(self.window) || !has(self.scores) || self.scores.all(score, score == 'Keyness')",
        SCORES_WINDOW,
        |value| {
            let mut scores = value["scores"].as_array().into_iter().flatten();
            value.get("window").is_some() || scores.all(|score| score == "Keyness")
        },
    ),
    rule(
        "spec.analysis",
        ".window",
        concat!(
            "!has(self.window) || !self.window.matches('^[0-9]{1,6}[smhd]$') || ",
            seconds!("window"),
            " == 0 || !has(self.scores) || !self.scores.exists(score, score == 'ChiSquare') || \
             86400 % (",
            seconds!("window"),
            ") == 0"
        ),
        CHI_SQUARE_WINDOW,
        |value| !is_scored_by(value, "ChiSquare") || duration_divides(&value["window"], 86_400),
    ),
    rule(
        "spec.analysis",
        ".scores",
        "has(self.baseline) || !has(self.scores) || !self.scores.exists(score, score == 'Keyness')",
        KEYNESS_BASELINE,
        |value| value.get("baseline").is_some() || !is_scored_by(value, "Keyness"),
    ),
    rule(
        "spec.analysis",
        ".baseline",
        "!has(self.baseline) || \
         (has(self.scores) && self.scores.exists(score, score == 'Keyness'))",
        BASELINE_KEYNESS,
        |value| value.get("baseline").is_none() || is_scored_by(value, "Keyness"),
    ),
    social_only!("stopWords"),
    social_only!("scores"),
    social_only!("baseline"),
    social_only!("detectLanguage"),
    social_only!("minAuthors"),
    social_only!("minCount"),
    social_only!("exclude"),
    rule(
        "spec.sink.mongodb.database",
        "",
        "!(self in ['admin', 'local', 'config'])",
        DATABASE,
        |value| text(value, |name| !["admin", "local", "config"].contains(&name)),
    ),
    rule(
        "spec",
        ".ttlSecondsAfterFinished",
        "!has(self.ttlSecondsAfterFinished) || self.deletionPolicy != 'Delete'",
        TTL_DELETE,
        |value| {
            value.get("ttlSecondsAfterFinished").is_none() || value["deletionPolicy"] != "Delete"
        },
    ),
];

fn text(value: &Value, check: impl Fn(&str) -> bool) -> bool {
    value.as_str().is_none_or(check)
}

fn scheme(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once("://")?;
    let letters = |c: char| c.is_ascii_alphanumeric() || "+.-".contains(c);
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(letters))
        .then_some(scheme)
}

fn scheme_is(uri: &str, schemes: &[&str]) -> bool {
    scheme(uri).is_some_and(|scheme| schemes.iter().any(|one| one.eq_ignore_ascii_case(scheme)))
}

fn ends_in_kind(source: &str) -> bool {
    let ending = source.rsplit_once('-').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ending.parse::<Kind>().is_ok())
}

fn size_within(value: &Value, min: u64, max: u64) -> bool {
    let within = |bytes: u64| (min..=max).contains(&bytes);
    match value {
        Value::String(text) if pattern::matches(SIZE_PATTERN, text) => {
            text.parse::<Size>().is_ok_and(|size| within(size.bytes()))
        }
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            number.as_u64().is_some_and(within)
        }
        _ => true,
    }
}

fn duration_within(value: &Value, min: u64, max: u64) -> bool {
    let duration = value.as_str().and_then(|text| text.parse::<Duration>().ok());
    duration.is_none_or(|duration| (min..=max).contains(&duration.seconds()))
}

/// Whether an analysis asks for a score.
fn is_scored_by(analysis: &Value, score: &str) -> bool {
    analysis["scores"].as_array().into_iter().flatten().any(|asked| asked == score)
}

fn duration_divides(value: &Value, whole: u64) -> bool {
    let duration = value.as_str().and_then(|text| text.parse::<Duration>().ok());
    // None of no length: that is below the shortest.
    duration
        .is_none_or(|duration| duration.seconds() == 0 || whole.is_multiple_of(duration.seconds()))
}

/// Adds the rules that a value breaks to the errors, but none about a field that has one already.
pub(crate) fn check(root: &Value, errors: &mut Vec<FieldError>) {
    let known = errors.len();
    for rule in RULES {
        for (path, value) in find(root, rule.at) {
            if !(rule.check)(value) {
                let field = rule.field.trim_start_matches('.');
                let pointer = rule.field.replace('.', "/");
                let culprit = value.pointer(&pointer).unwrap_or(value);
                let dot = if path.is_empty() || field.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{field}");
                if errors[..known].iter().all(|error| error.path != path) {
                    errors.push(schema_check::invalid(&path, culprit, rule.message));
                }
            }
        }
    }
}

/// The values at a place, each with its path.
fn find<'a>(root: &'a Value, place: &str) -> Vec<(String, &'a Value)> {
    let mut found = vec![(String::new(), root)];
    for name in place.split('.').filter(|name| !name.is_empty()) {
        let (name, items) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
        let fields = found.into_iter().filter_map(|(path, value)| {
            let dot = if path.is_empty() { "" } else { "." };
            Some((format!("{path}{dot}{name}"), value.get(name)?))
        });
        found = fields.flat_map(|(path, value)| each(path, value, items)).collect();
    }
    found
}

fn each(path: String, value: &Value, items: bool) -> Vec<(String, &Value)> {
    if !items {
        return vec![(path, value)];
    }
    let items = value.as_array().into_iter().flatten().enumerate();
    items.map(|(index, item)| (format!("{path}[{index}]"), item)).collect()
}

/// Writes every rule into a schema: those above at their places, and what may not change to `spec`.
pub(crate) fn write_into(root: &mut Value) {
    for rule in RULES {
        let mut entry = json!({ "rule": rule.cel, "message": rule.message });
        if !rule.field.is_empty() {
            entry["fieldPath"] = json!(rule.field);
        }
        push(root, rule.at, entry);
    }
    let spec = schema::at_mut(root, "spec").and_then(|spec| spec["properties"].as_object());
    let fields: Vec<String> = spec.into_iter().flatten().map(|(name, _)| name.clone()).collect();
    for entry in fields.iter().filter_map(|field| changes::rule(field)) {
        push(root, "spec", entry);
    }
}

fn push(root: &mut Value, place: &str, entry: Value) {
    if let Some(Value::Object(schema)) = schema::at_mut(root, place) {
        let rules = schema.entry("x-kubernetes-validations").or_insert_with(|| json!([]));
        if let Value::Array(rules) = rules {
            rules.push(entry);
        }
    }
}
