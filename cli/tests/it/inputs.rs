//! The inputs of the tests: awkward statuses from a seed, words of their own, and every
//! compression. The same seed gives the same bytes.

use std::fmt::Write as _;
use std::io::Write as _;

/// splitmix64, written out so that no release of a crate can change the inputs.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// The n-th word: at least five letters, no stop word, different for every n.
pub(crate) fn word(n: usize) -> String {
    let mut letters = vec![b'q', b'z'];
    let mut rest = n;
    for _ in 0..3 {
        letters.push(b'a' + u8::try_from(rest % 26).unwrap());
        rest /= 26;
    }
    while rest > 0 {
        letters.push(b'a' + u8::try_from(rest % 26).unwrap());
        rest /= 26;
    }
    String::from_utf8(letters).unwrap()
}

/// A status with only a text.
pub(crate) fn status(text: &str) -> String {
    format!("{{\"text\":{}}}", serde_json::Value::from(text))
}

/// Statuses with these texts, one per line.
pub(crate) fn statuses<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    texts.into_iter().flat_map(|text| (status(text) + "\n").into_bytes()).collect()
}

const AWKWARD: &[&str] = &[
    "HTTP://LOUD.example/Path",
    "http://t.co/abc?x=1#frag",
    "https",
    "http ",
    "xhttp://in.word/y",
    "http://a.b/c\u{a0}goes\u{2003}on",
    "&quot;quoted&quot;",
    "&amp;",
    "caf\u{e9}",
    "ma\u{f1}ana",
    "na\u{ef}vet\u{e9}",
    "don't",
    "wouldn't've",
    "HAHA",
    "Echt",
    "estuvi\u{e9}ramos",
    "nosotros",
    "\u{1f469}\u{200d}\u{1f680}rocket",
    "#HashTag2017",
    "@Some_One1",
    "$CASH",
    "under_score",
    "tab\tbed",
    "new\nline",
    "carriage\rreturn",
    "nul\0byte",
    "\u{b}vertical",
    "\u{c}feeds",
    "\u{fffd}replaced",
    "\u{feff}marked",
    "\u{212a}elvin",
    "STRASSE\u{df}e",
    "\u{130}stanbul",
    "back\\slash",
    "say \"hello\"",
    "}{][",
    "123abcd456efgh",
    "a.b.c.d",
    "soooooooo",
    "\u{7f}delete",
    "\u{5b57}\u{6f22}word",
    "http\u{e9}t\u{e9}",
    "\u{2028}separated",
];

/// A text of frequent and rare words between awkward ones.
pub(crate) fn text(dice: &mut Dice) -> String {
    let mut text = String::new();
    for _ in 0..dice.below(14) {
        match dice.below(4) {
            0 => text.push_str(dice.pick(AWKWARD)),
            1 => text.push_str(&word(dice.below(20_000))),
            _ => {
                // The smallest of three throws, so that low numbers are frequent words.
                let n = dice.below(400).min(dice.below(400)).min(dice.below(400));
                let word = word(n);
                text.push_str(&if dice.below(3) == 0 { word.to_uppercase() } else { word });
            }
        }
        text.push_str(dice.pick(&[" ", " ", " ", ", ", "  ", ".", "-", "\u{a0}"]));
    }
    text
}

/// A JSON string of the text. If `escaped`, all characters but digits and spaces are escaped.
fn json_string(text: &str, escaped: bool) -> String {
    if !escaped {
        return serde_json::Value::from(text).to_string();
    }
    let mut out = String::from("\"");
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(b'/') => out.push_str("\\/"),
            Ok(byte) if byte.is_ascii_digit() || byte == b' ' => out.push(char::from(byte)),
            _ => write!(out, "\\u{unit:04x}").unwrap(),
        }
    }
    out + "\""
}

/// Lines that count nothing: a few in every hundred.
const OTHERS: &[&[u8]] = &[
    b"",
    b"  \t",
    b"\r",
    b"{\"delete\":{\"status\":{\"id\":1}}}",
    b"{\"text\":null}",
    b"{\"text\":12}",
    b"{\"text\":\"cut short",
    b"{\"text\":\"odd \\q escape\"}",
    b"{\"text\":\"two\"}{\"text\":\"records\"}",
    b"[\"text\"]",
    b"\"text\"",
    b"{\"text\":\"\xff\xfe bytes\"}",
    b"{\"text\":\"ok\",}",
    b"{\"text\":\"ok\"} //",
];

/// Statuses with everything that is awkward: escapes, other fields around the text, extended texts,
/// CRLF, about two blank or empty and two malformed lines in a hundred.
pub(crate) fn awkward(records: usize, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut out = Vec::new();
    for n in 0..records {
        if dice.below(25) == 0 {
            out.extend_from_slice(OTHERS[dice.below(OTHERS.len())]);
        } else {
            let escaped = dice.below(4) == 0;
            let text = json_string(&text(&mut dice), escaped);
            let line = match dice.below(8) {
                0 => format!("{{\"id\":{n},\"text\":null,\"full_text\":{text}}}"),
                1 => format!("{{\"extended_tweet\":{{\"full_text\":{text}}},\"truncated\":true}}"),
                2 => format!("{{\"te\\u0078t\":{text},\"n\":-1.5e3,\"l\":[[],{{}},\"text\"]}}"),
                3 => format!("{{\"text\":\"first is overruled\",\"text\":{text}}}"),
                4 => format!(" {{\t\"user\" : {{\"text\":\"inner\"}} , \"text\" : {text} }} "),
                _ => format!("{{\"id_str\":\"{n}\",\"text\":{text},\"lang\":\"en\"}}"),
            };
            out.extend_from_slice(line.as_bytes());
        }
        out.extend_from_slice(if dice.below(5) == 0 { b"\r\n" } else { b"\n" });
    }
    out
}

/// Statuses with many different words, to fill memory.
pub(crate) fn many_words(words: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for first in (0..words).step_by(10) {
        let text: Vec<String> = (first..words.min(first + 10)).map(word).collect();
        out.extend_from_slice((status(&text.join(" ")) + "\n").as_bytes());
    }
    out
}

/// Statuses of random words, which compress badly.
pub(crate) fn random_words(words: usize, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut out = Vec::new();
    for _ in (0..words).step_by(10) {
        let letters: String = (0..130)
            .map(|n| {
                if n % 13 == 12 {
                    ' '
                } else {
                    char::from(b'a' + u8::try_from(dice.below(26)).unwrap())
                }
            })
            .collect();
        out.extend_from_slice((status(&letters) + "\n").as_bytes());
    }
    out
}

/// Cuts bytes into pieces, not at line ends.
fn pieces(bytes: &[u8], into: usize) -> Vec<&[u8]> {
    bytes.chunks(bytes.len() / into + 1).collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let header = flate2::GzBuilder::new().filename("named").comment("and commented");
    let mut writer = header.write(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Several members, an empty one among them.
pub(crate) fn gzip_members(bytes: &[u8]) -> Vec<u8> {
    let mut out = gzip(b"");
    for piece in pieces(bytes, 5) {
        out.extend(gzip(piece));
        out.extend(gzip(b""));
    }
    out
}

pub(crate) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub(crate) fn bzip2_streams(bytes: &[u8]) -> Vec<u8> {
    pieces(bytes, 3).into_iter().flat_map(bzip2).collect()
}

/// One frame that ends in a checksum.
pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut writer = zstd::Encoder::new(Vec::new(), 3).unwrap();
    writer.include_checksum(true).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Several frames, a skippable one after each, as the seekable format has.
pub(crate) fn zstd_frames(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces(bytes, 5) {
        out.extend(zstd(piece));
        out.extend(b"\x50\x2A\x4D\x18\x04\x00\x00\x00skip");
    }
    out
}
