//! Malformed lines of every reason except that a line is too long. Owns the damage to a good line;
//! doesn't know its content.

use super::dice::Dice;

/// Bytes that no JSON string may hold, inserted at the beginning of the text.
const IN_TEXT: [&[u8]; 12] = [
    // Unknown escapes.
    b"\\x41",
    b"\\u12G4",
    b"\\'",
    b"\\u{e9}",
    // Bare control characters.
    b"\t",
    b"\x01",
    b"\r",
    b"\x1F",
    // Not UTF-8: Latin-1, a stray continuation, an overlong slash, half a surrogate pair.
    b"caf\xE9 ",
    b"\x80",
    b"\xC0\xAF",
    b"\xED\xA0\xBD",
];

/// Bytes that no JSON object may hold, inserted after the opening brace.
const IN_OBJECT: [&[u8]; 6] =
    [b",", b"\"geo\":NaN,", b"\"n\":01,", b"\"n\":.5,", b"'n':1,", b"\"geo\":None,"];

/// Bytes that no line may end in, appended to it.
const AFTER: [&[u8]; 5] = [b"}", b",", b" null", b"{\"text\":\"two on a line\"}", b"\0"];

/// Lines that are JSON, but not an object.
const NO_OBJECTS: [&[u8]; 6] =
    [b"[{\"text\":\"a list\"}]", b"\"only a string\"", b"42", b"null", b"true", b"[]"];

/// Levels of nesting, beyond the 128 that readers accept.
const DEEP: usize = 200;

/// Spoils the line that begins at `start`.
pub(super) fn spoil(out: &mut Vec<u8>, start: usize, dice: &mut Dice) {
    match dice.below(8) {
        0 | 1 => {
            // At least the brace stays, because a blank line is not malformed.
            let length = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
            let kept = 1 + dice.below(length.saturating_sub(1)) as usize;
            out.truncate(start + kept);
        }
        2..=4 => {
            // A delete notice has no text: the bytes go into its first name.
            let text = out[start..].windows(8).position(|field| field == b"\"text\":\"");
            insert(out, start + text.map_or(2, |place| place + 8), dice.pick(&IN_TEXT));
        }
        5 => insert(out, start + 1, dice.pick(&IN_OBJECT)),
        6 => out.extend_from_slice(dice.pick(&AFTER)),
        _ => {
            out.truncate(start);
            if dice.happens(1, 4) {
                out.extend_from_slice(b"{\"text\":\"deep\",\"within\":");
                out.extend(std::iter::repeat_n(b'[', DEEP));
                out.extend(std::iter::repeat_n(b']', DEEP));
                out.push(b'}');
            } else {
                out.extend_from_slice(dice.pick(&NO_OBJECTS));
            }
        }
    }
}

fn insert(out: &mut Vec<u8>, place: usize, bytes: &[u8]) {
    out.splice(place..place, bytes.iter().copied());
}
