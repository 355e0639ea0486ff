//! The rules that a schema can't express: each in CEL for the API server and in Rust for
//! `trendjob validate`, with one message. Owns this table; doesn't know where a manifest came from.

use serde_json::{Value, json};

use crate::{
    Duration, FieldError, Size, changes, pattern,
    places::{join, schema_at, values_at},
    schema_check,
    size::SIZE_PATTERN,
};

/// The message about a field that needs the profile Social.
pub const SOCIAL_ONLY: &str = "must not be set with profile Seed: it is only for profile Social";
/// The message about a time to live together with the deletion of results.
pub const TTL_DELETE: &str =
    "must not be set with deletionPolicy Delete, which would delete the results after that time";

/// A rule about the value at one place.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The place of the value, such as `spec.input.uris[]`; empty for the root.
    pub at: &'static str,
    /// The field of the value that is wrong if the rule is broken, such as `.text`; empty for the
    /// value itself.
    pub field: &'static str,
    /// The rule in CEL, for the API server.
    pub cel: &'static str,
    /// The message if it is broken.
    pub message: &'static str,
    /// Returns true if a value, with defaults filled in, satisfies the rule. A value of a wrong
    /// type passes, because the schema refuses it.
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

/// A rule that requires a text to match a pattern.
macro_rules! pattern {
    ($at:expr, $pattern:literal, $message:expr) => {
        rule($at, "", concat!("self.matches('", $pattern, "')"), $message, |value| {
            text(value, |text| pattern::matches($pattern, text))
        })
    };
}

/// A rule that requires a text not to match a pattern.
macro_rules! no_pattern {
    ($at:expr, $pattern:literal, $message:expr) => {
        rule($at, "", concat!("!self.matches('", $pattern, "')"), $message, |value| {
            text(value, |text| !pattern::matches($pattern, text))
        })
    };
}

/// A rule that requires the items of a list to be JSON pointers (RFC 6901).
macro_rules! pointers {
    ($field:literal) => {
        pattern!(
            concat!("spec.input.record.", $field, "[]"),
            "^(/([^~/]|~[01])*)+$",
            "a JSON pointer starts with / and writes ~ in a name as ~0 and / as ~1, like /user/name"
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

/// A size in CEL. Kubernetes' notation has k and Ki, but neither K nor KB nor KiB.
macro_rules! size {
    ($field:literal) => {
        concat!(
            "quantity(string(self.",
            $field,
            ").replace('B', '').replace('K', 'k').replace('ki', 'Ki'))"
        )
    };
}

/// The CEL that requires a size to be in a range. A text that is no size passes, because the schema
/// refuses it, and `quantity` would fail on it.
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

/// A duration in CEL, in seconds. CEL's own notation has no days.
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
        "must start with a-z, hold only a-z, 0-9 and -, not end in -, and have at most 40 characters",
        |value| {
            let form = "^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$";
            text(&value["metadata"]["name"], |name| pattern::matches(form, name))
        },
    ),
    pattern!(
        "spec.source",
        "^[a-z0-9][a-z0-9-]{0,62}$",
        "must start with a-z or 0-9, hold only a-z, 0-9 and -, and have at most 63 characters"
    ),
    rule(
        "spec.source",
        "",
        "!self.startsWith('trends-') && !self.startsWith('system')",
        "must not start with trends- or system, which are reserved",
        |value| text(value, |source| !["trends-", "system"].iter().any(|p| source.starts_with(p))),
    ),
    no_pattern!(
        "spec.source",
        "-(word|hashtag|mention|cashtag|emoji|phrase|domain)$",
        "must not end in -word, -hashtag, -mention, -cashtag, -emoji, -phrase or -domain, which name \
         the collections of other kinds"
    ),
    no_pattern!(
        "spec.input.uris[]",
        "^(?i)(s3|gs|az|hdfs)://",
        "s3, gs, az and hdfs can't be read yet: use file, http or https"
    ),
    rule(
        "spec.input.uris[]",
        "",
        "!self.matches('^[a-zA-Z][a-zA-Z0-9+.-]*://') \
         || self.matches('^(?i)(file|https?|s3|gs|az|hdfs)://')",
        "the scheme must be file, http or https",
        |value| {
            text(value, |uri| {
                !pattern::matches("^[a-zA-Z][a-zA-Z0-9+.-]*://", uri)
                    || pattern::matches("^(?i)(file|https?|s3|gs|az|hdfs)://", uri)
            })
        },
    ),
    rule(
        "spec.input.volume",
        "",
        "has(self.persistentVolumeClaim) != has(self.configMap)",
        "must have exactly one of persistentVolumeClaim and configMap",
        |value| value.get("persistentVolumeClaim").is_some() != value.get("configMap").is_some(),
    ),
    rule(
        "spec.input.record",
        ".text",
        "self.preset != 'Custom' || has(self.text)",
        "preset Custom needs at least one pointer to the text",
        |value| value["preset"] != "Custom" || value.get("text").is_some(),
    ),
    rule(
        "spec.input.record",
        ".preset",
        "self.preset == 'Custom' || !(has(self.text) || has(self.time) || has(self.author) \
         || has(self.id) || has(self.language))",
        "text, time, author, id and language are only for preset Custom: other presets have their own",
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
        "must be from 1Mi to 64Mi",
        |value| size_within(&value["maxRecordSize"], 1 << 20, 64 << 20),
    ),
    rule(
        "spec.sharding",
        ".chunkSize",
        size_between!("chunkSize", "1Ki", "1Ti"),
        "must be from 1Ki to 1Ti",
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
        "must be from 5m to 7d",
        |value| seconds(&value["window"]).is_none_or(|window| (300..=604_800).contains(&window)),
    ),
    rule(
        "spec.analysis",
        ".kinds",
        "self.profile == 'Social' || self.kinds.all(kind, kind == 'Word')",
        "profile Seed counts words only: other kinds are for profile Social",
        |value| value["profile"] == "Social" || all_are(&value["kinds"], "Word"),
    ),
    rule(
        "spec.analysis",
        ".scores",
        "has(self.window) || !has(self.scores) || self.scores.all(score, score == 'Keyness')",
        "scores compare windows of time: set the length of a window, such as 1h",
        |value| value.get("window").is_some() || all_are(&value["scores"], "Keyness"),
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
        "score ChiSquare compares calendar days: choose a window that divides a day, such as 1h, 6h or 24h",
        |value| {
            // A window of 0 breaks another rule.
            let divides = |window: u64| window == 0 || 86_400_u64.is_multiple_of(window);
            !is_scored_by(value, "ChiSquare") || seconds(&value["window"]).is_none_or(divides)
        },
    ),
    rule(
        "spec.analysis",
        ".scores",
        "has(self.baseline) || !has(self.scores) || !self.scores.exists(score, score == 'Keyness')",
        "score Keyness compares with a published result: name its source as the baseline",
        |value| value.get("baseline").is_some() || !is_scored_by(value, "Keyness"),
    ),
    rule(
        "spec.analysis",
        ".baseline",
        "!has(self.baseline) || \
         (has(self.scores) && self.scores.exists(score, score == 'Keyness'))",
        "only score Keyness compares with a baseline: add that score, or remove the baseline",
        |value| value.get("baseline").is_none() || is_scored_by(value, "Keyness"),
    ),
    rule(
        "spec.analysis",
        ".reference",
        "!has(self.reference) || self.reference != 'Seasonal' || (has(self.scores) && \
         self.scores.exists(score, score == 'Burst' || score == 'Peak'))",
        "only bursts and peaks have a seasonal reference: add score Burst or Peak, or remove the reference",
        |value| {
            let has_burst = ["Burst", "Peak"].iter().any(|score| is_scored_by(value, score));
            value["reference"] != "Seasonal" || has_burst
        },
    ),
    rule(
        "spec.analysis",
        ".reference",
        concat!(
            "!has(self.reference) || self.reference != 'Seasonal' || !has(self.window) || \
             !self.window.matches('^[0-9]{1,6}[smhd]$') || ",
            seconds!("window"),
            " == 0 || (604800 % (",
            seconds!("window"),
            ") == 0 && ",
            seconds!("window"),
            " <= 302400)"
        ),
        "a seasonal reference has the windows at the same time of earlier weeks or days: choose a \
         window that divides a week and is at most half of it, such as 1h, 6h or 24h",
        |value| {
            // A window of 0 breaks another rule.
            let fits = |window: u64| {
                window == 0 || 604_800_u64.is_multiple_of(window) && window <= 302_400
            };
            value["reference"] != "Seasonal" || seconds(&value["window"]).is_none_or(fits)
        },
    ),
    social_only!("stopWords"),
    social_only!("scores"),
    social_only!("baseline"),
    social_only!("detectLanguage"),
    social_only!("minAuthors"),
    social_only!("reference"),
    social_only!("minCount"),
    social_only!("exclude"),
    rule(
        "spec.sink.mongodb.database",
        "",
        "!(self in ['admin', 'local', 'config'])",
        "must not be admin, local or config, which belong to MongoDB",
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

/// Returns true if every item of a list is this name.
fn all_are(list: &Value, name: &str) -> bool {
    list.as_array().into_iter().flatten().all(|item| item == name)
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

/// Returns the seconds of a duration, if the value is one.
fn seconds(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok().map(Duration::seconds)
}

/// Returns true if an analysis has a score.
fn is_scored_by(analysis: &Value, score: &str) -> bool {
    analysis["scores"].as_array().into_iter().flatten().any(|listed| listed == score)
}

/// Adds an error for each broken rule, except for a field that has an error already.
pub(crate) fn check(root: &Value, errors: &mut Vec<FieldError>) {
    let known = errors.len();
    for rule in RULES {
        for (path, value) in values_at(root, rule.at) {
            if (rule.check)(value) {
                continue;
            }
            let field = rule.field.trim_start_matches('.');
            let culprit = value.pointer(&rule.field.replace('.', "/")).unwrap_or(value);
            let path = if field.is_empty() { path } else { join(&path, field) };
            if errors[..known].iter().all(|error| error.path != path) {
                errors.push(broken(&path, culprit, rule.message));
            }
        }
    }
}

/// Returns the error of a broken rule. A scalar is shown; a list or an object is not.
fn broken(path: &str, value: &Value, message: &str) -> FieldError {
    if value.is_array() || value.is_object() {
        return FieldError::new(path, format!("Invalid value: {message}"));
    }
    schema_check::invalid(path, value, message)
}

/// Writes every rule into a schema: those of the table at their places, and those about changes to
/// `spec`.
pub(crate) fn write_into(root: &mut Value) {
    for rule in RULES {
        let mut entry = json!({ "rule": rule.cel, "message": rule.message });
        if !rule.field.is_empty() {
            entry["fieldPath"] = json!(rule.field);
        }
        push(root, rule.at, entry);
    }
    let spec = schema_at(root, "spec").and_then(|spec| spec["properties"].as_object());
    let fields: Vec<String> = spec.into_iter().flatten().map(|(name, _)| name.clone()).collect();
    for entry in fields.iter().filter_map(|field| changes::rule(field)) {
        push(root, "spec", entry);
    }
}

fn push(root: &mut Value, place: &str, entry: Value) {
    if let Some(Value::Object(schema)) = schema_at(root, place) {
        let rules = schema.entry("x-kubernetes-validations").or_insert_with(|| json!([]));
        if let Value::Array(rules) = rules {
            rules.push(entry);
        }
    }
}
