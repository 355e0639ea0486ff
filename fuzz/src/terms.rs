//! The two tokenizers, and the exclusions of terms.

use trends::exclusions::{Change, ExclusionFilter, Exclusions};
use trends::seed::{TokenSink, tokens};
use trends::social::{
    Entities, Kinds, PairWord, Post, Settings, StopWords, TermSink, Tokenizer, normalize,
};
use trends::{Kind, Profile};

/// The bytes of a key for each byte of the form it was written in, at most: folding and the names of
/// domains lengthen a text.
const GROWTH: usize = 18;

#[derive(Default)]
struct Terms(Vec<(Kind, String, String)>);

impl TermSink for Terms {
    fn term(&mut self, kind: Kind, key: &str, form: &str) {
        assert!(!key.is_empty() && !form.is_empty(), "{kind}: {key:?} of {form:?}");
        assert!(key.len() <= GROWTH * form.len() + 16, "{kind}: {key:?} of {form:?}");
        self.0.push((kind, key.to_owned(), form.to_owned()));
    }

    fn pair(&mut self, left: PairWord<'_>, right: PairWord<'_>) {
        assert!(!left.key.is_empty() && !right.key.is_empty());
    }
}

/// Terms are not empty, they are the same the second time, and a key is folded to itself.
pub fn social(data: &[u8]) {
    let Some((&flags, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let kinds = Kind::ALL.into_iter().fold(Kinds::NONE, Kinds::with);
    let settings =
        Settings { kinds, stop_words: StopWords::default(), detect_language: flags & 1 == 1 };
    let mut tokenizer = Tokenizer::new(&settings);
    let json = r#"{"hashtags":[{"text":"Love"}],"user_mentions":[{"screen_name":"a_b"}]}"#;
    let entities = (flags & 2 == 2).then(|| Entities::parse(json.as_bytes(), kinds)).flatten();
    let post = Post { text, language: None, entities: entities.as_ref() };
    let [mut first, mut second] = [Terms::default(), Terms::default()];
    tokenizer.post(&post, &mut first);
    tokenizer.post(&post, &mut second);
    assert_eq!(first.0, second.0, "{text:?}");
    for (kind, key, _) in &first.0 {
        assert_eq!(normalize(*kind, key), *key, "{kind} of {text:?}");
    }
}

#[derive(Default)]
struct Tokens(Vec<Vec<u8>>);

impl TokenSink for Tokens {
    fn short(&mut self, letters: u128, length: usize) {
        assert!((4..=16).contains(&length), "{length}");
        assert_eq!(letters.to_le_bytes()[length..].iter().max().copied().unwrap_or(0), 0);
        self.0.push(letters.to_le_bytes()[..length].to_vec());
    }

    fn long(&mut self, token: &[u8]) {
        assert!(token.len() > 16, "{token:?}");
        self.0.push(token.to_ascii_lowercase());
    }
}

/// Tokens are lower-case letters, and the same the second time. A token alone may be none, because
/// the beginning of a link is a token only behind other letters.
pub fn seed(text: &[u8]) {
    let mut found = Tokens::default();
    tokens(text, &mut found);
    for token in &found.0 {
        assert!(token.iter().all(u8::is_ascii_lowercase), "{}", token.escape_ascii());
    }
    let mut again = Tokens::default();
    tokens(text, &mut again);
    assert_eq!(again.0, found.0);
}

/// A change is refused, or its exclusions can be applied to any term.
pub fn exclusion(data: &[u8]) {
    let Ok(change) = serde_json::from_slice::<Change>(data) else { return };
    if change.check().is_err() {
        return;
    }
    let mut exclusions = Exclusions::default();
    let Ok(subjects) = exclusions.effective_subjects(&change) else { return };
    exclusions.apply(&Change { subjects, ..change }, "now");
    for profile in [Profile::Seed, Profile::Social] {
        let filter = ExclusionFilter::new(&exclusions, profile, Kind::ALL).expect("checked");
        for rule in exclusions.terms().chain(exclusions.patterns()) {
            for kind in Kind::ALL {
                let _ = filter.contains(kind, &rule.text);
            }
        }
    }
}
