//! A slow, obvious implementation of the original program's rules (`spark_trending.py`), which
//! shares nothing with the command. It parses lines with `serde_json`, which differs from RFC 8259
//! for numbers beyond f64, lone surrogates and deep nesting: `lines` has those cases.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

/// The form of the records.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Preset {
    Twitter,
    DataSift,
}

impl Preset {
    fn pointers(self) -> &'static [&'static str] {
        match self {
            Self::Twitter => &["/text", "/full_text", "/extended_tweet/full_text"],
            Self::DataSift => &["/interaction/content"],
        }
    }
}

/// The outcome of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Counted(String),
    Empty(&'static str),
    Malformed(&'static str),
}

/// The counters of a whole run, without reasons that did not occur.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) read: u64,
    pub(crate) counted: u64,
    pub(crate) empty: BTreeMap<String, u64>,
    pub(crate) malformed: BTreeMap<String, u64>,
    /// Per word: its count and the number of records that hold it.
    pub(crate) words: BTreeMap<String, (u64, u64)>,
}

impl Counts {
    pub(crate) fn of(preset: Preset, objects: &[&[u8]]) -> Self {
        let cleaner = Cleaner::new();
        let mut counts = Self::default();
        for object in objects {
            for (_, line) in lines(object) {
                counts.add(&cleaner, judge(preset, line));
            }
        }
        counts
    }

    fn add(&mut self, cleaner: &Cleaner, verdict: Verdict) {
        self.read += 1;
        match verdict {
            Verdict::Empty(reason) => *self.empty.entry(reason.to_owned()).or_default() += 1,
            Verdict::Malformed(reason) => {
                *self.malformed.entry(reason.to_owned()).or_default() += 1;
            }
            Verdict::Counted(text) => {
                self.counted += 1;
                let words = cleaner.words(&text);
                for word in &words {
                    self.words.entry(word.clone()).or_default().0 += 1;
                }
                for word in words.into_iter().collect::<BTreeSet<_>>() {
                    self.words.entry(word).or_default().1 += 1;
                }
            }
        }
    }

    /// Returns (word, count, documents), by descending count, equal counts by the bytes of the
    /// word.
    pub(crate) fn ranking(&self) -> Vec<(String, u64, u64)> {
        let mut rows: Vec<_> = self.words.iter().map(|(w, &(n, d))| (w.clone(), n, d)).collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        rows
    }
}

/// The lines of an object with the offset of their first byte. A line ends at LF or at the end of
/// the object. An LF at the end begins no further line. A byte-order mark at offset 0 is skipped.
pub(crate) fn lines(object: &[u8]) -> Vec<(usize, &[u8])> {
    let mut found = Vec::new();
    let mut at = if object.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    while at < object.len() {
        let end =
            object[at..].iter().position(|&byte| byte == b'\n').map_or(object.len(), |n| at + n);
        found.push((at, &object[at..end]));
        at = end + 1;
    }
    found
}

pub(crate) fn judge(preset: Preset, line: &[u8]) -> Verdict {
    if line.iter().all(|byte| b" \t\r".contains(byte)) {
        return Verdict::Empty("blank");
    }
    let Ok(line) = std::str::from_utf8(line) else {
        return Verdict::Malformed("utf8");
    };
    let mut parser = serde_json::Deserializer::from_str(line);
    let Ok(record) = Value::deserialize(&mut parser) else {
        return Verdict::Malformed("syntax");
    };
    if parser.end().is_err() {
        return Verdict::Malformed("trailing");
    }
    if !record.is_object() {
        return Verdict::Malformed("not-object");
    }
    let mut texts = preset.pointers().iter().filter_map(|pointer| record.pointer(pointer));
    match texts.find(|value| !value.is_null()) {
        Some(Value::String(text)) => Verdict::Counted(text.clone()),
        _ => Verdict::Empty("no-text"),
    }
}

/// The original program's cleaning, with its replacements in their order.
pub(crate) struct Cleaner {
    steps: Vec<Regex>,
    stop_words: BTreeSet<&'static str>,
}

impl Cleaner {
    pub(crate) fn new() -> Self {
        let steps = [
            r"http[^ \t\n\x0B\x0C\r]+", // Java's \S is about ASCII whitespace only
            r"[!-/:-@\[-`{-~]",         // Java's \p{Punct}
            r"[0-9]",
            r"[^a-zA-Z]",
        ];
        Self {
            steps: steps.iter().map(|step| Regex::new(step).unwrap()).collect(),
            stop_words: include_str!("data/stopwords.txt").split_whitespace().collect(),
        }
    }

    pub(crate) fn words(&self, text: &str) -> Vec<String> {
        let mut text = text.to_owned();
        for step in &self.steps {
            text = step.replace_all(&text, " ").into_owned();
        }
        text.to_lowercase()
            .split(' ')
            .filter(|word| word.len() > 3)
            .filter(|word| !self.stop_words.contains(word))
            .map(str::to_owned)
            .collect()
    }
}

#[test]
fn the_cleaning_keeps_the_quirks_of_the_original() {
    let cleaner = Cleaner::new();
    let words = |text: &str| cleaner.words(text).join(" ");
    assert_eq!(words("see HTTP://example.org/Page now"), "http example page");
    assert_eq!(words("see http://example.org/Page#x soon"), "soon");
    assert_eq!(words("look:xhttps://t.co/abcd next"), "look next", "matches inside a word");
    assert_eq!(words("http is bare, https is not"), "http bare");
    assert_eq!(words("http"), "http");
    assert_eq!(words("&quot;fish&quot; &amp; chips"), "quot fish quot chips");
    assert_eq!(words("café society"), "society");
    assert_eq!(words("mañana nothing"), "nothing");
    assert_eq!(words("http://a.b/c\u{a0}kept?\u{2003}no after"), "");
    assert_eq!(words("http://a.b/c\u{a0}kept?\u{2003}no\tagain later"), "later");
    assert_eq!(words("http://a.b\u{b}vertical http://a.b\u{c}feeds"), "vertical feeds");
    assert_eq!(words("http://a.b\u{85}joined http://c\u{0}joined tail"), "tail");
    assert_eq!(words("DON'T couldn't wouldn't isn't"), "");
    assert_eq!(words("Haha gaan GAAT even echt wel"), "");
    assert_eq!(words("love4peace under_score #HashTag @Some1"), "love peace score hashtag");
    assert_eq!(words("abc abcd"), "abcd");
    assert_eq!(words("\u{212a}elvin \u{17f}ilver"), "elvin ilver", "lower-casing comes last");
    assert_eq!(words("love\0peace"), "love peace");
}

#[test]
fn the_stop_words_are_those_of_nltk_and_five_more() {
    let lists: Vec<usize> =
        include_str!("data/stopwords.txt").lines().map(|l| l.split(' ').count()).collect();
    assert_eq!(lists, [101, 179, 313, 5]);
}

#[test]
fn lines_are_judged_and_counted_by_reason() {
    let object = "\u{feff}{\"text\":\"love love peace\"}\r\n\n \t\r\n[1]\n{\"text\":\"x\"} y\n{\"text\":5}\n\
        {\"full_text\":\"love\"}\n{\"text\":\n{\"delete\":{}}\n{\"text\":\"\"}";
    let counts = Counts::of(Preset::Twitter, &[object.as_bytes(), b"\n", b""]);
    assert_eq!(counts.read, 11);
    assert_eq!(counts.counted, 3);
    let empty: Vec<_> = counts.empty.iter().map(|(r, n)| (r.as_str(), *n)).collect();
    assert_eq!(empty, [("blank", 3), ("no-text", 2)]);
    let malformed: Vec<_> = counts.malformed.iter().map(|(r, n)| (r.as_str(), *n)).collect();
    assert_eq!(malformed, [("not-object", 1), ("syntax", 1), ("trailing", 1)]);
    let rows = counts.ranking();
    assert_eq!(rows, [("love".to_owned(), 3, 2), ("peace".to_owned(), 1, 1)]);
    assert_eq!(lines(object.as_bytes())[0].0, 3);
}
