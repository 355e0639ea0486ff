//! From a post to its terms. Owns the order of the steps; knows no rule of any of them.

use std::mem;

use super::language::Guesser;
use super::running::{Judge, Words};
use super::sink::TermSink;
use super::spans::{self, Span, What};
use super::stop_words::{Active, StopWords};
use super::words::{self, Piece, Scratch};
use super::{Entities, Kinds, domain, fold};
use crate::Kind;

/// What is asked of the profile.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The kinds of terms to find.
    pub kinds: Kinds,
    /// The words not to count.
    pub stop_words: StopWords,
    /// Whether to guess the language of posts that don't say theirs. It costs tens of microseconds
    /// a post.
    pub detect_language: bool,
}

/// A text and what its record says about it.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    /// The text, with its HTML entities as they came.
    pub text: &'a str,
    /// Its language as a tag of BCP 47. `und` and whatever there are no stop words for are as good
    /// as none.
    pub language: Option<&'a str>,
    /// What the service found in the text.
    pub entities: Option<&'a Entities<'a>>,
}

/// Finds the terms of posts, one after the other; it keeps nothing of a post but room.
#[derive(Debug)]
pub struct Tokenizer {
    kinds: Kinds,
    stop_words: StopWords,
    guesser: Option<Guesser>,
    decoded: String,
    spans: Vec<Span>,
    running: String,
    scratch: Scratch,
    key: String,
    words: Words,
}

impl Tokenizer {
    /// A tokenizer of its own for one thread.
    pub fn new(settings: &Settings) -> Self {
        Self {
            kinds: settings.kinds,
            stop_words: settings.stop_words.clone(),
            guesser: settings.detect_language.then(Guesser::new),
            decoded: String::new(),
            spans: Vec::new(),
            running: String::new(),
            scratch: Scratch::default(),
            key: String::new(),
            words: Words::default(),
        }
    }

    /// The kinds of terms it finds.
    pub fn kinds(&self) -> Kinds {
        self.kinds
    }

    /// Tells `sink` the terms of `post`, of the kinds asked for.
    pub fn post(&mut self, post: &Post<'_>, sink: &mut impl TermSink) {
        let mut decoded = mem::take(&mut self.decoded);
        let mut spans = mem::take(&mut self.spans);
        let text = decode(post.text, &mut decoded);
        spans::find(text, &mut spans);
        self.running_text(text, &spans, post, sink);
        if let Some(entities) = post.entities {
            self.entities(entities, sink);
        }
        self.decoded = decoded;
        self.spans = spans;
    }

    fn running_text(
        &mut self,
        text: &str,
        spans: &[Span],
        post: &Post<'_>,
        sink: &mut impl TermSink,
    ) {
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

    /// The stop words for the language that the post says, or seems, to be in.
    fn active(&mut self, text: &str, spans: &[Span], language: Option<&str>) -> Active {
        let language = language.filter(|tag| *tag != "und");
        let (None, Some(guesser)) = (language, &self.guesser) else {
            return self.stop_words.active(language);
        };
        self.running.clear();
        let mut from = 0;
        for span in spans {
            self.running.push_str(&text[from..span.start]);
            self.running.push(' ');
            from = span.end;
        }
        self.running.push_str(&text[from..]);
        self.stop_words.active(guesser.guess(&self.running))
    }

    /// The words of a stretch of text between two spans, which no phrase crosses.
    fn words(&mut self, stretch: &str, active: Active, sink: &mut impl TermSink) {
        let Self { kinds, stop_words, scratch, words, .. } = self;
        words.part();
        let judge = Judge { kinds: *kinds, stop_words, active };
        words::pieces(stretch, scratch, &mut |piece| match piece {
            Piece::Break => words.part(),
            Piece::Word(form) => words.word(form, judge, sink),
            Piece::Plain(form) => words.plain(form, judge, sink),
        });
    }

    fn span(
        &mut self,
        text: &str,
        span: &Span,
        entities: Option<&Entities<'_>>,
        sink: &mut impl TermSink,
    ) {
        let listed = |list: fn(&Entities<'_>) -> bool| entities.is_some_and(list);
        let is_listed = match span.what {
            What::Hashtag => listed(|entities| entities.hashtags.is_some()),
            What::Mention => listed(|entities| entities.mentions.is_some()),
            What::Cashtag => listed(|entities| entities.cashtags.is_some()),
            What::Link => listed(|entities| entities.links.is_some()),
            What::Emoji => false,
        };
        if is_listed {
            return;
        }
        let body = &text[span.body.0..span.body.1];
        match span.what {
            What::Hashtag => self.name(Kind::Hashtag, body, sink),
            What::Mention => self.name(Kind::Mention, body, sink),
            What::Cashtag => self.name(Kind::Cashtag, body, sink),
            What::Link => self.host(body, sink),
            What::Emoji if self.kinds.contains(Kind::Emoji) => {
                fold::emoji(body, &mut self.key);
                sink.term(Kind::Emoji, &self.key, body);
            }
            What::Emoji => {}
        }
    }

    fn entities(&mut self, entities: &Entities<'_>, sink: &mut impl TermSink) {
        let lists = [
            (Kind::Hashtag, &entities.hashtags),
            (Kind::Mention, &entities.mentions),
            (Kind::Cashtag, &entities.cashtags),
        ];
        for (kind, list) in lists {
            for name in list.iter().flatten() {
                self.name(kind, name, sink);
            }
        }
        for link in entities.links.iter().flatten() {
            self.host(domain::host(link), sink);
        }
    }

    /// A term whose key may come out empty: of characters that show nothing.
    fn name(&mut self, kind: Kind, form: &str, sink: &mut impl TermSink) {
        if self.kinds.contains(kind) {
            fold::tag(form, &mut self.key);
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

/// `text` with its HTML entities decoded, once: `&amp;lt;` says `&lt;`.
fn decode<'a>(text: &'a str, decoded: &'a mut String) -> &'a str {
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return text;
    }
    decoded.clear();
    html_escape::decode_html_entities_to_string(text, decoded);
    decoded
}
