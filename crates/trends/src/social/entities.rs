//! The `entities` of a status of Twitter's API v1.1: the terms that the platform found in its text.
//! Owns the shape of their JSON.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

use super::Kinds;
use crate::Kind;

/// The beginning of `entities` as the platform writes them.
const HASHTAGS_FIRST: &str = r#"{"hashtags":"#;

static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"hashtags\""));
static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\u"));

/// The entities of a post: terms that the platform found in its text.
///
/// A list, even an empty one, replaces the search of the text for its kind. Without a list, the
/// text is searched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entities<'a> {
    /// Hashtags without their `#`.
    pub hashtags: Option<Vec<Cow<'a, str>>>,
    /// Screen names without their `@`.
    pub mentions: Option<Vec<Cow<'a, str>>>,
    /// Symbols without their `$`.
    pub cashtags: Option<Vec<Cow<'a, str>>>,
    /// Links, expanded where the platform has expanded them. Attached media are not links.
    pub links: Option<Vec<Cow<'a, str>>>,
}

impl<'a> Entities<'a> {
    /// Reads the lists of these kinds from the value of a v1.1 `entities` field, which must be
    /// valid JSON. If a kind has two lists, the last one counts. Returns `None` if the value is not
    /// an object, if a list has another shape, or if no kind in `kinds` can have a list.
    pub fn parse(json: &'a [u8], kinds: Kinds) -> Option<Self> {
        let more = [Kind::Mention, Kind::Cashtag, Kind::Domain];
        let wants_more = more.into_iter().any(|kind| kinds.contains(kind));
        if !wants_more && !kinds.contains(Kind::Hashtag) {
            return None;
        }
        let json = simdutf8::basic::from_utf8(json).ok()?;
        if !wants_more && let Some(found) = hashtags_first(json) {
            return Some(found);
        }
        let mut value = serde_json::Deserializer::from_str(json);
        let found = value.deserialize_map(Lists(kinds)).ok()?;
        value.end().ok()?;
        Some(found)
    }

    /// Returns the list of a kind. The terms of [`Kind::Domain`] are links.
    pub(super) fn list(&self, kind: Kind) -> Option<&[Cow<'a, str>]> {
        match kind {
            Kind::Hashtag => self.hashtags.as_deref(),
            Kind::Mention => self.mentions.as_deref(),
            Kind::Cashtag => self.cashtags.as_deref(),
            Kind::Domain => self.links.as_deref(),
            Kind::Word | Kind::Emoji | Kind::Phrase => None,
        }
    }
}

/// Returns the hashtags without parsing the longer rest, if they come first and the rest has no
/// second list of them: neither `"hashtags"` nor an escape that could spell it.
fn hashtags_first(json: &str) -> Option<Entities<'_>> {
    let after = json.strip_prefix(HASHTAGS_FIRST)?;
    let mut lists = serde_json::Deserializer::from_str(after).into_iter();
    let hashtags = texts(Some(lists.next()?.ok()?), |Tag { text }| text);
    let rest = after.as_bytes().get(lists.byte_offset()..)?;
    let is_only = NAME.find(rest).is_none() && ESCAPE.find(rest).is_none();
    is_only.then(|| Entities { hashtags, ..Entities::default() })
}

/// Reads only the lists of these kinds.
struct Lists(Kinds);

impl<'a> Visitor<'a> for Lists {
    type Value = Entities<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the entities of a status")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Entities<'a>, M::Error> {
        let mut found = Entities::default();
        while let Some(Text(name)) = map.next_key()? {
            let wants = |kind| self.0.contains(kind);
            match &*name {
                "hashtags" if wants(Kind::Hashtag) => {
                    found.hashtags = texts(map.next_value()?, |Tag { text }| text);
                }
                "user_mentions" if wants(Kind::Mention) => {
                    found.mentions = texts(map.next_value()?, |User { screen_name }| screen_name);
                }
                "symbols" if wants(Kind::Cashtag) => {
                    found.cashtags = texts(map.next_value()?, |Tag { text }| text);
                }
                "urls" if wants(Kind::Domain) => {
                    let target = |Url { expanded_url, url }: Url<'a>| expanded_url.or(url);
                    found.links = texts(map.next_value()?, target);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

/// Returns the texts of a list; items without a text are skipped.
fn texts<'a, T>(
    list: Option<Vec<T>>,
    text_of: impl Fn(T) -> Option<Text<'a>>,
) -> Option<Vec<Cow<'a, str>>> {
    Some(list?.into_iter().filter_map(text_of).map(|Text(text)| text).collect())
}

/// A string, borrowed from the line unless it has escapes. serde never borrows for `Option<Cow>`
/// without this type.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    screen_name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Url<'a> {
    #[serde(borrow)]
    expanded_url: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(json: &[u8]) -> Option<Entities<'_>> {
        Entities::parse(json, Kind::ALL.into_iter().collect())
    }

    proptest! {
        #[test]
        fn hashtags_are_the_same_read_alone_and_with_all_lists(
            fields in prop::collection::vec(
                prop::sample::select(vec![
                    r#""hashtags":[]"#,
                    r#""hashtags":[{"text":"Rust"}]"#,
                    r#""hashtags":null"#,
                    r#""\u0068ashtags":[{"text":"hidden"}]"#,
                    r#""urls":[{"url":"https:\/\/t.co\/a","of":{"hashtags":[{"text":"inner"}]}}]"#,
                    r#""user_mentions":[{"screen_name":"ferris","name":"Ferr\u00efs"}]"#,
                    r#""symbols":[]"#,
                ]),
                0..5,
            )
        ) {
            let json = format!("{{{}}}", fields.join(","));
            let found = Entities::parse(json.as_bytes(), Kinds::NONE.with(Kind::Hashtag));
            let all = parse(json.as_bytes());
            prop_assert_eq!(found.map(|found| found.hashtags), all.map(|all| all.hashtags));
        }
    }

    #[test]
    fn the_entities_of_a_status_are_read() {
        let json = br#"{"hashtags":[{"text":"Rust","indices":[0,5]}],"symbols":[{"text":"IBM"}],
            "user_mentions":[{"screen_name":"ferris","id":1},{"screen_name":null}],
            "urls":[{"url":"https://t.co/a","expanded_url":"https://example.org/b"},
                    {"url":"https://t.co/c","expanded_url":null}],"media":[{"id":7}]}"#;
        let list =
            |items: &[&'static str]| Some(items.iter().map(|item| Cow::from(*item)).collect());
        let expected = Entities {
            hashtags: list(&["Rust"]),
            mentions: list(&["ferris"]),
            cashtags: list(&["IBM"]),
            links: list(&["https://example.org/b", "https://t.co/c"]),
        };
        assert_eq!(parse(json), Some(expected));
    }

    #[test]
    fn a_missing_list_differs_from_an_empty_list() {
        let found = parse(br#"{"hashtags":[],"urls":null}"#).unwrap();
        assert_eq!(found, Entities { hashtags: Some(Vec::new()), ..Entities::default() });
    }

    #[test]
    fn json_of_another_shape_has_no_entities() {
        for json in ["", "null", "[]", "7", r#"{"hashtags":7}"#, r#"{"hashtags":[{"text":7}]}"#] {
            assert_eq!(parse(json.as_bytes()), None, "{json}");
        }
    }
}
