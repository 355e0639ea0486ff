//! The `Social` profile: from a post to its terms of every kind. Owns what a word, a hashtag, a
//! mention, a cashtag, an emoji and a link are; knows nothing of records, time or counts.
//!
//! In order: HTML entities are decoded once; links, hashtags, mentions, cashtags and emoji are
//! found from left to right and taken out; what is left is normalised (NFKC) and cut into words.
//! A term is counted under its *key* (folded, see [`normalize`]) and shown in its *form*, as it was
//! written. Each rule names its source beside it:
//!
//! - hashtags, mentions, lists and cashtags: the rules that twitter-text 3 publishes;
//! - words: UAX #29, but a colon parts words (the tailoring its section 4.1 names), and a word has
//!   a letter and at least three letters or digits, or one character of a script that is written
//!   without spaces, or of Hangul. Without the feature `cjk` every Chinese or kana character but a
//!   run of Katakana is a word of its own, and Thai, Lao, Khmer and Burmese have no words at all;
//! - emoji: the sequences of UTS #51, without skin tone and variation selectors;
//! - domains: the registrable part of a link's host by the Public Suffix List.
//!
//! Time is linear in the length of any text, and memory is bounded by the longest.

mod characters;
mod domain;
mod entities;
mod fold;
mod kinds;
mod language;
mod running;
mod sink;
mod spans;
mod stop_words;
mod tokenizer;
mod words;

#[cfg(test)]
mod tests;

pub use entities::Entities;
pub use fold::normalize;
pub use kinds::Kinds;
pub use sink::{PairWord, PlainWord, TermSink};
pub use stop_words::{StopWords, UnknownLanguage};
pub use tokenizer::{Post, Settings, Tokenizer};
