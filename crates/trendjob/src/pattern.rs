//! Texts with a fixed form: each pattern, which the API server checks, beside a check of the same
//! form in plain Rust, because the operator has no other use for a regex engine. A test compares
//! them. Owns these pairs; doesn't know which field has which.

use crate::{Duration, Size, duration::DURATION_PATTERN, size::SIZE_PATTERN};

/// Names of Kubernetes objects (RFC 1123 subdomains).
pub const OBJECT_NAME: &str = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";
/// Keys of Secrets and `ConfigMap`s.
pub const SECRET_KEY: &str = "^[-._a-zA-Z0-9]+$";
/// Names of databases.
pub const DATABASE: &str = "^[a-zA-Z0-9_-]+$";
/// Names of environment variables.
pub const ENVIRONMENT: &str = "^[-._a-zA-Z][-._a-zA-Z0-9]*$";
/// Names of managers: a domain, a slash and a path.
pub const MANAGER: &str = "^[^/]+/[^/]+$";
/// Language codes of two or three letters.
pub const LANGUAGE: &str = "^[a-z]{2,3}$";
/// Names of sources.
pub const SOURCE: &str = "^[a-z0-9][a-z0-9-]{0,62}$";
/// Names of a TrendJob (RFC 1035 labels, with room for the names of their Jobs).
pub const NAME: &str = "^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$";
/// JSON pointers to something inside a document (RFC 6901).
pub const POINTER: &str = "^(/([^~/]|~[01])*)+$";

type Check = fn(&str) -> bool;

const FORMS: [(&str, Check); 11] = [
    (OBJECT_NAME, object_name),
    (SECRET_KEY, |text| all(text, |c| c.is_ascii_alphanumeric() || "-._".contains(c))),
    (DATABASE, |text| all(text, |c| c.is_ascii_alphanumeric() || "-_".contains(c))),
    (ENVIRONMENT, environment),
    (MANAGER, manager),
    (LANGUAGE, |text| (2..=3).contains(&text.len()) && all(text, |c| c.is_ascii_lowercase())),
    (SOURCE, source),
    (NAME, name),
    (POINTER, pointer),
    (SIZE_PATTERN, |text| has_size_form(text)),
    (DURATION_PATTERN, |text| text.parse::<Duration>().is_ok()),
];

/// Returns true if a text has the form of a pattern. An unknown pattern allows every text; a test
/// shows that the schema has none.
pub fn matches(pattern: &str, text: &str) -> bool {
    find(pattern).is_none_or(|check| check(text))
}

/// Returns the check of a pattern.
pub(crate) fn find(pattern: &str) -> Option<Check> {
    FORMS.iter().find(|(known, _)| *known == pattern).map(|(_, check)| *check)
}

fn all(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(allowed)
}

fn lower_or_digit(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn object_name(text: &str) -> bool {
    all(text, |c| lower_or_digit(c) || "-.".contains(c))
        && text.starts_with(lower_or_digit)
        && text.ends_with(lower_or_digit)
}

fn environment(text: &str) -> bool {
    all(text, |c| c.is_ascii_alphanumeric() || "-._".contains(c))
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

fn manager(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(domain, path)| !domain.is_empty() && !path.is_empty() && !path.contains('/'))
}

fn source(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(lower_or_digit)
        && all(text, |c| lower_or_digit(c) || c == '-')
}

fn name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.ends_with(lower_or_digit)
        && all(text, |c| lower_or_digit(c) || c == '-')
}

fn pointer(text: &str) -> bool {
    let mut escapes = text.split('~').skip(1);
    text.starts_with('/') && escapes.all(|rest| rest.starts_with(['0', '1']))
}

fn has_size_form(text: &str) -> bool {
    // A size of the right form that doesn't fit 64 bits is refused by the limits of its field.
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (_, unit) = text.split_at(digits);
    (1..=15).contains(&digits) && (unit.is_empty() || format!("1{unit}").parse::<Size>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 58] = [
        "",
        "a",
        "A",
        "0",
        "-",
        ".",
        "_",
        "/",
        "~",
        "ab",
        "abc",
        "abcd",
        "a-b",
        "a.b",
        "a_b",
        "a/b",
        "a/b/c",
        "/a",
        "a/",
        "//",
        "/a/0",
        "/a~0b",
        "/a~1b",
        "/a~",
        "/a~2",
        "/~~0",
        "a-",
        "-a",
        "9a",
        "a9",
        "1Ki",
        "1KiB",
        "1K",
        "1KB",
        "1k",
        "1B",
        "64M",
        "64MB",
        "64mb",
        "1s",
        "1m",
        "1h",
        "1d",
        "10w",
        "999999d",
        "1234567s",
        "123456789012345",
        "1234567890123456",
        "é",
        "a b",
        "nl",
        "NL",
        "trendjob.dev/operator",
        "PATH",
        "ca.crt",
        "a\n",
        "ABC-1",
        "123456789012345TiB",
    ];

    #[test]
    fn each_check_agrees_with_its_pattern() {
        let long: Vec<String> = [1, 38, 39, 40, 41, 62, 63, 64].map(|n| "a".repeat(n)).into();
        for (pattern, check) in FORMS {
            // In the API server's engine and in this one, `$` matches the end of the text only.
            let regex = regex::Regex::new(pattern).unwrap();
            for text in TEXTS.into_iter().chain(long.iter().map(String::as_str)) {
                assert_eq!(check(text), regex.is_match(text), "{pattern} on {text:?}");
            }
        }
    }
}
