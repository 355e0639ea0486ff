//! Links, with a scheme and without. Owns where a link begins and ends, which follows twitter-text
//! where nothing else is said.
//!
//! Against twitter-text, a link with a scheme is one after any character, is removed even where
//! its host is none, and has no domain where it is cut off within its host (`http://exam…`). It ends
//! a name that it is glued to.

use super::{Place, Span, What};
use crate::social::characters::{is_cyrillic, is_latin_accent, is_word_alone};
use crate::social::domain;

const SCHEMES: [&str; 2] = ["https", "http"];

/// Twitter's own links to pictures, `pic.twitter.com/…`, begin anywhere.
const PICTURE: &str = "pic";
const PICTURES: &str = ".twitter.com/";

/// The link whose scheme ends with the colon at the place, if it is one.
pub(super) fn with_scheme(place: Place<'_>) -> Option<Span> {
    let after = place.rest().strip_prefix("://")?;
    let before = &place.text[place.floor..place.at];
    let scheme = SCHEMES.into_iter().find(|scheme| {
        let start = before.len().checked_sub(scheme.len());
        let tail = start.and_then(|start| before.get(start..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(scheme))
    })?;
    let host_at = place.at + 3;
    let host = host_length(after);
    let end = host_at + host + tail_length(&after[host..]);
    let is_cut = end == host_at + host && place.text[end..].starts_with('…');
    let host = if is_cut { 0 } else { host };
    let body = (host_at, host_at + host);
    Some(Span { what: What::Link, start: place.at - scheme.len(), end, body })
}

/// The length of a name that `text` begins with, `length` bytes, without the link that exports of
/// old posts glue to it: `#Taghttps://…`, `@namepic.twitter.com/…`.
pub(super) fn unglued(text: &str, length: usize) -> usize {
    let (name, after) = text.split_at(length);
    let glued: &[&str] = if after.starts_with("://") {
        &SCHEMES
    } else if after.starts_with(PICTURES) {
        &[PICTURE]
    } else {
        return length;
    };
    let link = glued.iter().find(|link| {
        let tail = length.checked_sub(link.len()).and_then(|start| name.get(start..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(link))
    });
    length - link.map_or(0, |link| link.len())
}

/// The link without a scheme whose host has a dot at the place; if there is none, the end of what
/// looked like one, to go on from.
pub(super) fn bare(place: Place<'_>) -> Result<Span, usize> {
    let bytes = place.text.as_bytes();
    let around = [place.at.checked_sub(1), Some(place.at + 1)];
    let byte = |at: Option<usize>| at.and_then(|at| bytes.get(at));
    if !around.into_iter().map(byte).all(|byte| byte.is_some_and(|byte| is_host_byte(*byte))) {
        return Err(place.at + 1);
    }
    let before = bytes[place.floor..place.at].iter().rev();
    let mut start = place.at - before.take_while(|byte| is_host_byte(**byte)).count();
    let is_picture = place.rest().starts_with(PICTURES)
        && place.text.as_bytes()[start..place.at].ends_with(PICTURE.as_bytes());
    if is_picture {
        start = place.at - PICTURE.len();
    }
    let rest = &bytes[place.at..];
    let run = rest.iter().take_while(|byte| is_host_byte(**byte) || **byte == b'.').count();
    let none = place.at + run;
    // A dot or hyphen at its end is the sentence's.
    let host = place.text[start..none].trim_end_matches(['.', '-', '_']);
    let end = start + host.len();
    if start == place.at
        || end <= place.at
        || !(is_picture || follows_boundary(&place.text[..start]))
    {
        return Err(none);
    }
    let tail = &place.text[end..];
    let has_path = tail.starts_with('/');
    if tail.starts_with(['@', '＠']) || !domain::is_bare_host(host, has_path) {
        return Err(none);
    }
    let is_cut = tail.starts_with('…');
    let body = (start, if is_cut { start } else { end });
    Ok(Span { what: What::Link, start, end: end + tail_length(tail), body })
}

/// twitter-text's `validUrlPrecedingChars` and `invalidUrlWithoutProtocolPrecedingChars`; against
/// it, a letter of another alphabet is part of the word, but one of a script without spaces is not.
fn follows_boundary(before: &str) -> bool {
    before.chars().next_back().is_none_or(|last| {
        is_word_alone(last)
            || !(last.is_alphanumeric()
                || matches!(last, '@' | '＠' | '$' | '#' | '＃' | '-' | '_' | '.' | '/')
                || matches!(last, '\u{202A}'..='\u{202E}'))
    })
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The length of the host at the beginning of `text`, letters of any script allowed; but where
/// text without spaces follows a host in ASCII, it is not part of it.
fn host_length(text: &str) -> usize {
    let is_host = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let run = &text[..text.find(|c| !is_host(c)).unwrap_or(text.len())];
    let last_label = run.rfind('.').map_or(0, |dot| dot + 1);
    let label = &run[last_label..];
    let foreign = label.find(|c: char| !c.is_ascii());
    let host = match foreign {
        Some(at) if at > 0 => &run[..last_label + at],
        _ => run,
    };
    host.trim_end_matches(['.', '-', '_']).len()
}

/// The length of port, path, query and fragment at the beginning of `text`, without what punctuates
/// the sentence around the link: twitter-text's `validUrlPath` and `validUrlQueryChars` in one.
fn tail_length(text: &str) -> usize {
    let port = port_length(text);
    let path = &text[port..];
    if !path.starts_with(['/', '?', '#']) {
        return port;
    }
    let mut open = 0_usize;
    let mut end = 0;
    let mut at = 0;
    while let Some(next) = path.as_bytes().get(at) {
        let class = match PATH_BYTES[usize::from(*next)] {
            FOREIGN => {
                let (class, length) = foreign_class(&path[at..]);
                at += length;
                class
            }
            class => {
                at += 1;
                class
            }
        };
        match class {
            OPEN if open == MOST_OPEN => break,
            OPEN => open += 1,
            CLOSE if open == 0 => break,
            CLOSE => open -= 1,
            0 => break,
            _ => {}
        }
        if open == 0 && class & END != 0 {
            end = at;
        }
    }
    port + end
}

/// The length of a colon and the digits after it, 0 if there are none.
fn port_length(text: &str) -> usize {
    let digits = text
        .strip_prefix(':')
        .map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    if digits == 0 { 0 } else { 1 + digits }
}

/// twitter-text allows a pair of parentheses in another. Any limit keeps a text of links whose
/// parentheses are never closed from being read to its end for each of them.
const MOST_OPEN: usize = 2;

/// What may be in a path, what may end it, and what has to be balanced in it.
const PATH: u8 = 1;
const END: u8 = 2;
const OPEN: u8 = 4;
const CLOSE: u8 = 8 | END;
/// The class of a byte that is only a part of a character.
const FOREIGN: u8 = 16;
const PATH_BYTES: [u8; 256] = {
    let mut classes = [FOREIGN; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'+'
            | b'-'
            | b'='
            | b'_'
            | b'#'
            | b'/'
            | b'&' => PATH | END,
            b'!' | b'*' | b'\'' | b';' | b':' | b',' | b'.' | b'$' | b'%' | b'[' | b']' | b'~'
            | b'@' | b'|' | b'?' => PATH,
            b'(' => OPEN,
            b')' => CLOSE,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// The class and the length of the character outside ASCII that `text` begins with.
fn foreign_class(text: &str) -> (u8, usize) {
    match text.chars().next() {
        Some(c) if is_latin_accent(c) || is_cyrillic(c) => (PATH | END, c.len_utf8()),
        Some(c @ '\u{2013}') => (PATH, c.len_utf8()),
        _ => (0, 0),
    }
}
