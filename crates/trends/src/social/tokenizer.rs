//! Finding the terms of a post. Owns the order of the steps; knows none of their rules.

use std::mem;

use super::emitter::{PostSettings, WordEmitter};
use super::sink::TermSink;
use super::spans::{self, Span};
use super::stop_words::{ActiveLists, StopWords, names_language};
use super::words::{self, Piece};
use super::{Entities, Kinds, domain, fold, language};
use crate::Kind;

/// The settings of the profile.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The kinds of terms to find.
    pub kinds: Kinds,
    /// The words that are not counted.
    pub stop_words: StopWords,
    /// True to guess the language of posts whose records name none; a guess costs about five
    /// microseconds.
    pub detect_language: bool,
}

/// The text of a record with its language and entities.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    /// The text, with its HTML entities undecoded.
    pub text: &'a str,
    /// The language as a tag of BCP 47; `und` and other tags that name no language count as none. A
    /// post in a language that was not chosen gets the stop words of all chosen languages.
    pub language: Option<&'a str>,
    /// The terms that the platform of the post found in the text.
    pub entities: Option<&'a Entities<'a>>,
}

/// Finds the terms of posts, one after the other. Only buffers are kept between posts.
#[derive(Debug, Default)]
pub struct Tokenizer {
    kinds: Kinds,
    stop_words: StopWords,
    detect_language: bool,
    decoded: String,
    spans: Vec<Span>,
    running_text: String,
    buffers: words::Buffers,
    key: String,
    words: WordEmitter,
}

impl Tokenizer {
    /// Creates a tokenizer, which one thread uses.
    pub fn new(settings: &Settings) -> Self {
        Self {
            kinds: settings.kinds,
            stop_words: settings.stop_words.clone(),
            detect_language: settings.detect_language,
            ..Self::default()
        }
    }

    /// Returns the kinds of terms to find.
    pub fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// Passes the terms of `post` of the wanted kinds to `sink`.
    pub fn post(&mut self, post: &Post<'_>, sink: &mut impl TermSink) {
        let mut decoded = mem::take(&mut self.decoded);
        let mut spans = mem::take(&mut self.spans);
        let text = decode(post.text, &mut decoded);
        spans::find(text, &mut spans);
        self.text(text, &spans, post, sink);
        if let Some(entities) = post.entities {
            self.entities(entities, sink);
        }
        self.decoded = decoded;
        self.spans = spans;
    }

    /// Finds the terms of the text, in their order.
    fn text(&mut self, text: &str, spans: &[Span], post: &Post<'_>, sink: &mut impl TermSink) {
        let wants_words = self.kinds.contains(Kind::Word) || self.kinds.contains(Kind::Phrase);
        let active = wants_words.then(|| self.active(text, spans, post.language));
        let mut from = 0;
        for span in spans {
            if let Some(active) = active {
                self.words(&text[from..span.start], active, sink);
            }
            self.span(text, span, post.entities, sink);
            from = span.end;
        }
        if let Some(active) = active {
            self.words(&text[from..], active, sink);
        }
    }

    /// Returns the stop words for the language of the post, which is guessed from the text between
    /// the spans if the record names none.
    fn active(&mut self, text: &str, spans: &[Span], language: Option<&str>) -> ActiveLists {
        let language = language.filter(|tag| names_language(tag));
        if language.is_some() || !self.detect_language {
            return self.stop_words.active(language);
        }
        let guess = self.guess_between(text, spans);
        self.stop_words.active(guess)
    }

    /// Returns the language that a post with this text gets if languages are guessed and its record
    /// names none: a code of ISO 639-1, or of ISO 639-3 for a language without one.
    pub fn guess(&mut self, text: &str) -> Option<&'static str> {
        let mut decoded = mem::take(&mut self.decoded);
        let mut spans = mem::take(&mut self.spans);
        let text = decode(text, &mut decoded);
        spans::find(text, &mut spans);
        let language = self.guess_between(text, &spans);
        self.decoded = decoded;
        self.spans = spans;
        language
    }

    fn guess_between(&mut self, text: &str, spans: &[Span]) -> Option<&'static str> {
        self.running_text.clear();
        let mut from = 0;
        for span in spans {
            self.running_text.push_str(&text[from..span.start]);
            self.running_text.push(' ');
            from = span.end;
        }
        self.running_text.push_str(&text[from..]);
        language::guess(&self.running_text)
    }

    /// Finds the words of the text between two spans; no phrase crosses a span.
    fn words(&mut self, stretch: &str, active: ActiveLists, sink: &mut impl TermSink) {
        let Self { kinds, stop_words, buffers, words, .. } = self;
        words.separate();
        let post = &PostSettings { kinds: *kinds, lists: stop_words.lists(active) };
        words::pieces(stretch, buffers, &mut |piece| match piece {
            Piece::Break => words.separate(),
            Piece::Word(form) => words.word(form, post, sink),
            Piece::Plain(form) => words.plain(form, post, sink),
            Piece::Uncased(form) => words.uncased(form, post, sink),
            Piece::Stem(form) => words.stem(form, post, sink),
        });
    }

    /// Finds the term of a span, unless the entities list its kind.
    fn span(
        &mut self,
        text: &str,
        span: &Span,
        entities: Option<&Entities<'_>>,
        sink: &mut impl TermSink,
    ) {
        if entities.is_some_and(|entities| entities.list(span.kind).is_some()) {
            return;
        }
        let body = &text[span.body.0..span.body.1];
        match span.kind {
            Kind::Domain => self.host(body, sink),
            Kind::Emoji if self.kinds.contains(Kind::Emoji) => {
                fold::emoji(body, &mut self.key);
                sink.term(Kind::Emoji, &self.key, body);
            }
            Kind::Emoji => {}
            kind => self.name(kind, body, sink),
        }
    }

    fn entities(&mut self, entities: &Entities<'_>, sink: &mut impl TermSink) {
        for kind in [Kind::Hashtag, Kind::Mention, Kind::Cashtag] {
            for name in entities.list(kind).unwrap_or_default() {
                self.name(kind, name, sink);
            }
        }
        for link in entities.links.iter().flatten() {
            self.host(domain::host(link), sink);
        }
    }

    /// Emits a name, unless its key is empty because all its characters are invisible.
    fn name(&mut self, kind: Kind, form: &str, sink: &mut impl TermSink) {
        if self.kinds.contains(kind) {
            fold::name(form, &mut self.key);
            if !self.key.is_empty() {
                sink.term(kind, &self.key, form);
            }
        }
    }

    fn host(&mut self, host: &str, sink: &mut impl TermSink) {
        if self.kinds.contains(Kind::Domain) && domain::registrable(host, &mut self.key) {
            sink.term(Kind::Domain, &self.key, &self.key);
        }
    }
}

/// Returns `text` with its HTML entities decoded once: `&amp;lt;` becomes `&lt;`.
fn decode<'a>(text: &'a str, decoded: &'a mut String) -> &'a str {
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return text;
    }
    decoded.clear();
    html_escape::decode_html_entities_to_string(text, decoded);
    decoded
}
