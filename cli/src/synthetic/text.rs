//! The text of a status, written as the inside of a JSON string. Owns the making of a text from
//! words, its escapes, and the positions of its hashtags, mentions and links; doesn't know the
//! record around it.

use std::ops::Range;

use super::dice::Dice;
use super::languages::{ACCENTED, EMOJI, Language};
use super::topics::Topic;
use super::vocabulary::Vocabulary;
use super::zipf::Zipf;

/// The kind of an entity in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntityKind {
    /// A hashtag; its bytes are without the `#`.
    Hashtag,
    /// A link; its bytes are escaped as in the text.
    Link,
    /// A mention; its bytes are without the `@`.
    Mention,
}

/// A part of a text that the status lists under `entities`.
#[derive(Debug)]
pub(super) struct Entity {
    pub(super) kind: EntityKind,
    /// The byte range of its name in the output.
    pub(super) bytes: Range<usize>,
    /// The range of its characters in the text, with its sign.
    pub(super) characters: Range<usize>,
    /// The mentioned author, as a rank; 0 for other kinds.
    pub(super) author: u16,
}

/// The words and the distribution that they are drawn from.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) vocabulary: Vocabulary,
    pub(super) ranks: Zipf,
}

impl Words {
    pub(super) fn new() -> Self {
        Self { vocabulary: Vocabulary::new(), ranks: Zipf::new() }
    }

    /// Appends the screen name of an author.
    pub(super) fn append_screen_name(&self, out: &mut Vec<u8>, author: u16) {
        out.extend_from_slice(self.vocabulary.name(author));
        append_number(out, u64::from(author));
    }
}

/// A text that is being written.
pub(super) struct Text<'a> {
    words: &'a Words,
    out: &'a mut Vec<u8>,
    entities: &'a mut Vec<Entity>,
    /// True to escape `/` and everything beyond ASCII, as Twitter's own output does.
    escaped: bool,
    /// Number of characters so far.
    characters: usize,
    /// True if the next word begins a sentence.
    begins: bool,
}

impl<'a> Text<'a> {
    /// A text at the end of `out`.
    pub(super) fn new(
        words: &'a Words,
        out: &'a mut Vec<u8>,
        entities: &'a mut Vec<Entity>,
        escaped: bool,
    ) -> Self {
        entities.clear();
        Self { words, out, entities, escaped, characters: 0, begins: true }
    }

    /// Writes the whole text: 8 to 20 words, and in one of four texts a link.
    pub(super) fn write(mut self, dice: &mut Dice, topic: Option<&Topic>, language: &Language) {
        if dice.happens(1, 10) {
            self.ascii(b"RT ");
            self.mention(dice);
            self.ascii(b": ");
        }
        let length = 8 + dice.below(13);
        let about = dice.below(length);
        for position in 0..length {
            if position > 0 {
                self.ascii(b" ");
            }
            match topic {
                Some(topic) if position == about => self.topic(topic, dice),
                _ if !language.words.is_empty() && dice.happens(1, 2) => {
                    self.unicode(dice.pick(language.words));
                }
                _ => self.token(dice),
            }
        }
        if dice.happens(1, 4) {
            self.ascii(b" ");
            self.link(dice);
        }
    }

    /// Writes one word, or an entity, a number or an emoji instead.
    fn token(&mut self, dice: &mut Dice) {
        // One draw for most words: the upper 48 bits decide the rank, the lower 16 the form.
        let random = dice.next();
        let rank = self.words.ranks.rank(random);
        let vocabulary = &self.words.vocabulary;
        let word = vocabulary.word(rank);
        match random & 0xFFFF {
            0..1_300 => self.hashtag(vocabulary.tag(rank)),
            1_300..2_300 => self.mention(dice),
            2_300..3_000 => self.unicode(dice.pick(EMOJI)),
            3_000..3_400 => self.unicode(dice.pick(ACCENTED)),
            3_400..3_800 => {
                self.escape(b"\\\"");
                self.ascii(word);
                self.escape(b"\\\"");
            }
            3_800..4_100 => {
                self.ascii(word);
                self.escape(b"\\n");
            }
            4_100..4_400 => self.ascii(b"&amp;"),
            4_400..4_800 => self.number(u64::from(dice.below(2_026))),
            4_800..5_800 => {
                let from = self.out.len();
                self.ascii(word);
                self.out[from..].make_ascii_uppercase();
            }
            5_800..6_600 => self.capitalised(word),
            form => {
                if std::mem::take(&mut self.begins) {
                    self.capitalised(word);
                } else {
                    self.ascii(word);
                }
                self.punctuation(form);
            }
        }
    }

    fn punctuation(&mut self, form: u64) {
        let mark: &[u8] = match form {
            6_600..9_000 => b",",
            9_000..10_600 => b".",
            10_600..11_200 => b"!",
            11_200..11_800 => b"?",
            11_800..12_000 => b"...",
            _ => return,
        };
        self.ascii(mark);
        self.begins = mark != b",";
    }

    /// Writes the name of a topic as a word, a hashtag or both, between two words that go with it.
    fn topic(&mut self, topic: &Topic, dice: &mut Dice) {
        self.ascii(dice.pick(topic.company).as_bytes());
        self.ascii(b" ");
        let form = dice.below(4);
        if form < 3 {
            self.ascii(topic.name.as_bytes());
        }
        if form == 2 {
            self.ascii(b" ");
        }
        if form >= 2 {
            self.hashtag(topic.name.as_bytes());
            self.capital_at(topic.name.len());
        }
        self.ascii(b" ");
        self.ascii(dice.pick(topic.company).as_bytes());
    }

    fn hashtag(&mut self, word: &[u8]) {
        self.entity(EntityKind::Hashtag, 0, b"#", |text| text.ascii(word));
    }

    fn mention(&mut self, dice: &mut Dice) {
        let author = self.words.ranks.rank(dice.next());
        self.entity(EntityKind::Mention, author, b"@", |text| {
            let from = text.out.len();
            text.words.append_screen_name(text.out, author);
            text.characters += text.out.len() - from;
        });
    }

    fn link(&mut self, dice: &mut Dice) {
        self.entity(EntityKind::Link, 0, b"", |text| {
            text.ascii(b"https:");
            for part in [b"".as_slice(), b"t.co"] {
                text.slash();
                text.ascii(part);
            }
            text.slash();
            let mut code = *b"----------";
            let mut random = dice.next();
            for letter in &mut code {
                // Each letter takes 6 bits. There are 62 letters and digits, so two occur twice.
                let signs = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzAz";
                let [sign, ..] = (random % 64).to_le_bytes();
                *letter = signs[usize::from(sign)];
                random >>= 6;
            }
            text.ascii(&code);
        });
    }

    fn entity(
        &mut self,
        kind: EntityKind,
        author: u16,
        sign: &[u8],
        write: impl FnOnce(&mut Self),
    ) {
        let from = self.characters;
        self.ascii(sign);
        let start = self.out.len();
        write(self);
        let (bytes, characters) = (start..self.out.len(), from..self.characters);
        self.entities.push(Entity { kind, bytes, characters, author });
    }

    /// Writes ASCII that needs no escape.
    fn ascii(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
        self.characters += text.len();
    }

    fn capitalised(&mut self, word: &[u8]) {
        self.ascii(word);
        self.capital_at(word.len());
    }

    /// Capitalises the letter `back` bytes before the end.
    fn capital_at(&mut self, back: usize) {
        let index = self.out.len() - back;
        self.out[index].make_ascii_uppercase();
    }

    fn number(&mut self, number: u64) {
        let from = self.out.len();
        append_number(self.out, number);
        self.characters += self.out.len() - from;
    }

    /// Writes the escape of one character.
    fn escape(&mut self, escape: &[u8]) {
        self.out.extend_from_slice(escape);
        self.characters += 1;
    }

    fn slash(&mut self) {
        self.escape(if self.escaped { b"\\/" } else { b"/" });
    }

    /// Writes text beyond ASCII whose ASCII needs no escape.
    fn unicode(&mut self, text: &str) {
        self.characters += text.chars().count();
        if !self.escaped {
            self.out.extend_from_slice(text.as_bytes());
            return;
        }
        for unit in text.encode_utf16() {
            if let Some(byte) = u8::try_from(unit).ok().filter(u8::is_ascii) {
                self.out.push(byte);
                continue;
            }
            self.out.extend_from_slice(b"\\u");
            for byte in unit.to_be_bytes() {
                let digits = b"0123456789abcdef";
                self.out.push(digits[usize::from(byte >> 4)]);
                self.out.push(digits[usize::from(byte & 15)]);
            }
        }
    }
}

/// Appends the decimal digits of a number.
pub(super) fn append_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 7, 10, 99, 1_000_001, u64::MAX] {
            let mut out = Vec::new();
            append_number(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }
}
