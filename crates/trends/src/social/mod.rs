//! The `Social` profile, which finds the terms of every kind in a post. Owns the definitions of
//! words, hashtags, mentions, cashtags, emoji and links; knows nothing of records, time or counts.
//!
//! The steps, in order: HTML entities are decoded once; links, hashtags, mentions, cashtags and
//! emoji are found from left to right and taken out; the remaining text is normalised (NFKC) and
//! cut into words. A term is counted under its *key* (folded, see [`normalize`]) and shown in its
//! *form*, as it was written. The rules come from:
//!
//! - hashtags, mentions, lists and cashtags: the rules that twitter-text 3 publishes;
//! - words: UAX #29, but a colon separates words (a tailoring that its section 4.1 allows), and
//!   Chinese, Japanese, Thai, Lao, Khmer and Burmese are cut by the dictionaries of ICU4X, since they
//!   are written without spaces. A word has a letter, and is long enough if it has three letters or
//!   digits, two syllables of Hangul, two letters of Thai, Lao, Khmer or Burmese, or one ideograph;
//!   [`segmentation`] names the rules and tables, so that the processes of a run can't disagree;
//! - emoji: the sequences of UTS #51, without skin tone and variation selectors;
//! - domains: the registrable part of a link's host by the Public Suffix List.
//!
//! Time is linear in the length of the text, and memory in the longest text.

mod characters;
mod domain;
mod emitter;
mod entities;
mod fold;
mod kinds;
mod language;
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
pub use language::LANGUAGE_METHOD;
pub use sink::{PairWord, PlainWord, TermSink};
pub use stop_words::{StopWords, UnknownLanguage};
pub use tokenizer::{Post, Settings, Tokenizer};
pub use words::segmentation;
