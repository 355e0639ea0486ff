//! What a status of Twitter's API v1.1 says about its own text. Owns the shape of `entities`.

use serde::Deserialize;

/// The entities of a post, as the service that it was posted on found them.
///
/// A list that is there stands in for what would be found in the text, even if it is empty; for
/// one that is not, the text is searched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entities {
    /// Hashtags without their sign.
    pub hashtags: Option<Vec<String>>,
    /// Screen names without their sign.
    pub mentions: Option<Vec<String>>,
    /// Symbols without their sign.
    pub cashtags: Option<Vec<String>>,
    /// Where links lead, expanded where the service has done so. Attached media are no links.
    pub links: Option<Vec<String>>,
}

impl Entities {
    /// Reads the JSON value of a v1.1 `entities` field. `None` if it is none: broken, no object,
    /// or with a list of another shape.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let found: Fields = serde_json::from_slice(json).ok()?;
        Some(Self {
            hashtags: texts(found.hashtags),
            mentions: texts(found.user_mentions),
            cashtags: texts(found.symbols),
            links: texts(found.urls),
        })
    }
}

fn texts<T: Into<Option<String>>>(found: Option<Vec<T>>) -> Option<Vec<String>> {
    Some(found?.into_iter().filter_map(Into::into).collect())
}

#[derive(Deserialize)]
struct Fields {
    hashtags: Option<Vec<Tag>>,
    user_mentions: Option<Vec<UserMention>>,
    symbols: Option<Vec<Tag>>,
    urls: Option<Vec<Url>>,
}

#[derive(Deserialize)]
struct Tag {
    text: Option<String>,
}

impl From<Tag> for Option<String> {
    fn from(tag: Tag) -> Self {
        tag.text
    }
}

#[derive(Deserialize)]
struct UserMention {
    screen_name: Option<String>,
}

impl From<UserMention> for Option<String> {
    fn from(mention: UserMention) -> Self {
        mention.screen_name
    }
}

#[derive(Deserialize)]
struct Url {
    expanded_url: Option<String>,
    url: Option<String>,
}

impl From<Url> for Option<String> {
    fn from(link: Url) -> Self {
        link.expanded_url.or(link.url)
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
        let list = |items: &[&str]| Some(items.iter().map(|item| (*item).to_owned()).collect());
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
