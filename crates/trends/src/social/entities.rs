//! What a status of Twitter's API v1.1 says about its own text. Owns the shape of `entities`.

use std::borrow::Cow;

use serde::Deserialize;

/// The entities of a post, as the service that it was posted on found them.
///
/// A list that is there stands in for what would be found in the text, even if it is empty; for
/// one that is not, the text is searched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entities<'a> {
    /// Hashtags without their sign.
    pub hashtags: Option<Vec<Cow<'a, str>>>,
    /// Screen names without their sign.
    pub mentions: Option<Vec<Cow<'a, str>>>,
    /// Symbols without their sign.
    pub cashtags: Option<Vec<Cow<'a, str>>>,
    /// Where links lead, expanded where the service has done so. Attached media are no links.
    pub links: Option<Vec<Cow<'a, str>>>,
}

impl<'a> Entities<'a> {
    /// Reads the JSON value of a v1.1 `entities` field. `None` if it is none: broken, no object,
    /// or with a list of another shape.
    pub fn parse(json: &'a [u8]) -> Option<Self> {
        let found: Fields<'_> = serde_json::from_slice(json).ok()?;
        Some(Self {
            hashtags: texts(found.hashtags),
            mentions: texts(found.user_mentions),
            cashtags: texts(found.symbols),
            links: texts(found.urls),
        })
    }
}

fn texts<'a, T: Into<Option<Cow<'a, str>>>>(found: Option<Vec<T>>) -> Option<Vec<Cow<'a, str>>> {
    Some(found?.into_iter().filter_map(Into::into).collect())
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    hashtags: Option<Vec<Tag<'a>>>,
    #[serde(borrow)]
    user_mentions: Option<Vec<UserMention<'a>>>,
    #[serde(borrow)]
    symbols: Option<Vec<Tag<'a>>>,
    #[serde(borrow)]
    urls: Option<Vec<Url<'a>>>,
}

/// Borrowed from the line unless it has escapes; an optional `Cow` of its own never is.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
}

impl<'a> From<Tag<'a>> for Option<Cow<'a, str>> {
    fn from(tag: Tag<'a>) -> Self {
        tag.text.map(|text| text.0)
    }
}

#[derive(Deserialize)]
struct UserMention<'a> {
    #[serde(borrow)]
    screen_name: Option<Text<'a>>,
}

impl<'a> From<UserMention<'a>> for Option<Cow<'a, str>> {
    fn from(mention: UserMention<'a>) -> Self {
        mention.screen_name.map(|name| name.0)
    }
}

#[derive(Deserialize)]
struct Url<'a> {
    #[serde(borrow)]
    expanded_url: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
}

impl<'a> From<Url<'a>> for Option<Cow<'a, str>> {
    fn from(link: Url<'a>) -> Self {
        link.expanded_url.or(link.url).map(|url| url.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_of_the_service_is_read() {
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
        assert_eq!(Entities::parse(json), Some(expected));
    }

    #[test]
    fn what_is_not_listed_is_told_from_an_empty_list() {
        let found = Entities::parse(br#"{"hashtags":[],"urls":null}"#).unwrap();
        assert_eq!(found, Entities { hashtags: Some(Vec::new()), ..Entities::default() });
    }

    #[test]
    fn what_is_no_entities_is_none() {
        for json in ["", "null", "[]", "7", r#"{"hashtags":7}"#, r#"{"hashtags":[{"text":7}]}"#] {
            assert_eq!(Entities::parse(json.as_bytes()), None, "{json}");
        }
    }
}
