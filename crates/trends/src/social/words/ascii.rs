//! Words of text in ASCII, by a table of byte classes: the rules of UAX #29 that apply to ASCII.

use super::Piece;

const LETTER: u8 = 1;
const DIGIT: u8 = 2;
/// Joins letters and digits (`ExtendNumLet`): `_`.
const UNDERSCORE: u8 = 4;
/// No boundary between two letters (`MidNumLet`, `Single_Quote`; the colon is tailored away).
const MID_LETTER: u8 = 8;
/// No boundary between two digits (`MidNum`, `MidNumLet`, `Single_Quote`).
const MID_NUMBER: u8 = 16;
/// Keeps the words on both sides neighbours.
const JOINT: u8 = 32;

const IN_WORDS: u8 = LETTER | DIGIT | UNDERSCORE;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'A'..=b'Z' | b'a'..=b'z' => LETTER,
            b'0'..=b'9' => DIGIT,
            b'_' => UNDERSCORE,
            b'.' => MID_LETTER | MID_NUMBER,
            b'\'' => MID_LETTER | MID_NUMBER | JOINT,
            b',' => MID_NUMBER | JOINT,
            b';' => MID_NUMBER,
            b' ' | b'\t' | b'-' | b'"' => JOINT,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Calls `each` for the pieces of `text`, which is ASCII.
pub(super) fn pieces(text: &str, each: &mut impl FnMut(Piece<'_>)) {
    let bytes = text.as_bytes();
    let class = |at: usize| bytes.get(at).map_or(0, |byte| CLASSES[usize::from(*byte)]);
    let mut at = 0;
    while at < bytes.len() {
        let first = class(at);
        if first & IN_WORDS == 0 {
            if first & JOINT == 0 {
                each(Piece::Break);
            }
            at += 1;
            continue;
        }
        let start = at;
        let mut found = 0;
        loop {
            let parts = bytes[at..].iter().map(|byte| CLASSES[usize::from(*byte)]);
            at += parts
                .take_while(|class| class & IN_WORDS != 0)
                .inspect(|class| found |= class)
                .count();
            let (last, middle, next) = (class(at - 1), class(at), class(at + 1));
            let joins_letters = last & next & LETTER != 0 && middle & MID_LETTER != 0;
            let joins_digits = last & next & DIGIT != 0 && middle & MID_NUMBER != 0;
            if !(joins_letters || joins_digits) {
                break;
            }
            found |= middle;
            at += 1;
        }
        let word = &text[start..at];
        each(if found & LETTER == 0 {
            Piece::Break
        } else if found & !(LETTER | DIGIT) == 0 {
            Piece::Plain(word)
        } else {
            Piece::Word(word)
        });
    }
}
