//! The line around a text: a status in the form of Twitter's API v1.1, or the notice that a status
//! was deleted. Owns the fields; doesn't know damage.

use super::calendar::Moment;
use super::dice::Dice;
use super::languages::{ENGLISH, Language, OTHERS};
use super::text::{Entity, EntityKind, Text, Words, append_number};
use super::topics::Programme;

/// The time that ids of statuses count from, in milliseconds since 1970.
const EPOCH: u64 = 1_288_834_974_657;

const SOURCES: [&[u8]; 6] = [
    b"\"source\":\"<a href=\\\"http://a.example/\\\">App</a>\"",
    b"\"source\":\"<a href=\\\"http:\\/\\/b.example\\/\\\">Bot \\u2116 1</a>\"",
    b"\"source\":\"web\"",
    b"\"source\":\"web\"",
    b"\"source\":\"phone\"",
    b"\"source\":\"\"",
];

/// The writer of lines.
#[derive(Debug)]
pub(super) struct Writer {
    words: Words,
    programme: Programme,
    entities: Vec<Entity>,
}

impl Writer {
    pub(super) fn new() -> Self {
        Self { words: Words::new(), programme: Programme::new(), entities: Vec::new() }
    }

    /// Appends a status, without the end of the line.
    pub(super) fn status(
        &mut self,
        out: &mut Vec<u8>,
        index: u64,
        moment: Moment,
        dice: &mut Dice,
    ) {
        out.extend_from_slice(b"{\"created_at\":\"");
        moment.append(out);
        out.push(b'"');
        append_id(out, b",\"id", id(index, moment));
        out.extend_from_slice(b",\"text\":\"");
        let topic = self.programme.topic(moment.hour(), dice);
        let language = language(dice);
        let escaped = dice.happens(1, 3);
        Text::new(&self.words, out, &mut self.entities, escaped).write(dice, topic, language);
        out.extend_from_slice(b"\",\"truncated\":false,");
        out.extend_from_slice(dice.pick(&SOURCES));
        self.user(out, dice);
        self.entities(out);
        if dice.happens(1, 16) {
            out.extend_from_slice(b",\"geo\":null,\"coordinates\":[4.895168,52.370216,-1.5e-2]");
        }
        out.extend_from_slice(b",\"lang\":\"");
        out.extend_from_slice(language.code);
        out.extend_from_slice(b"\"}");
    }

    /// Appends the notice that a status was deleted, without the end of the line.
    pub(super) fn delete_notice(
        &self,
        out: &mut Vec<u8>,
        index: u64,
        moment: Moment,
        dice: &mut Dice,
    ) {
        let author = self.words.ranks.rank(dice.next());
        out.extend_from_slice(b"{\"delete\":{\"status\":{\"id\":");
        let id = id(index, moment);
        append_number(out, id);
        append_id(out, b",\"user_id", user_id(author));
        out.extend_from_slice(b",\"id_str\":\"");
        append_number(out, id);
        out.extend_from_slice(b"\"},\"timestamp_ms\":\"");
        append_number(out, moment.millis());
        out.extend_from_slice(b"\"}}");
    }

    fn user(&self, out: &mut Vec<u8>, dice: &mut Dice) {
        let author = self.words.ranks.rank(dice.next());
        append_id(out, b",\"user\":{\"id", user_id(author));
        out.extend_from_slice(b",\"screen_name\":\"");
        self.words.append_screen_name(out, author);
        out.extend_from_slice(b"\"}");
    }

    fn entities(&self, out: &mut Vec<u8>) {
        let lists: [(EntityKind, &[u8], &[u8]); 3] = [
            (EntityKind::Hashtag, b",\"entities\":{\"hashtags\":[", b"{\"text\":\""),
            (EntityKind::Link, b"],\"urls\":[", b"{\"url\":\""),
            (EntityKind::Mention, b"],\"user_mentions\":[", b"{\"screen_name\":\""),
        ];
        for (kind, list, name) in lists {
            out.extend_from_slice(list);
            let mut first = true;
            for entity in self.entities.iter().filter(|entity| entity.kind == kind) {
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                out.extend_from_slice(name);
                out.extend_from_within(entity.bytes.clone());
                out.push(b'"');
                if kind == EntityKind::Mention {
                    out.extend_from_slice(b",\"id\":");
                    append_number(out, user_id(entity.author));
                }
                out.extend_from_slice(b",\"indices\":[");
                append_number(out, entity.characters.start as u64);
                out.push(b',');
                append_number(out, entity.characters.end as u64);
                out.extend_from_slice(b"]}");
            }
        }
        out.extend_from_slice(b"]}");
    }
}

/// Draws the language of a status; nine of ten are English.
fn language(dice: &mut Dice) -> &'static Language {
    OTHERS.get(dice.below(40) as usize).unwrap_or(&ENGLISH)
}

/// Returns the id of a status: its time and its index, so that ids rise with time.
fn id(index: u64, moment: Moment) -> u64 {
    ((moment.millis() - EPOCH) << 22) | (index & 0x3F_FFFF)
}

fn user_id(author: u16) -> u64 {
    10_000_019 + u64::from(author) * 48_271
}

/// Appends an id as a number and as a string; `opening` ends in its field's name.
fn append_id(out: &mut Vec<u8>, opening: &[u8], id: u64) {
    out.extend_from_slice(opening);
    out.extend_from_slice(b"\":");
    let start = out.len();
    append_number(out, id);
    let digits = start..out.len();
    let name = opening.iter().rposition(|byte| *byte == b'"').unwrap_or_default();
    out.push(b',');
    out.extend_from_slice(&opening[name..]);
    out.extend_from_slice(b"_str\":\"");
    out.extend_from_within(digits);
    out.push(b'"');
}
