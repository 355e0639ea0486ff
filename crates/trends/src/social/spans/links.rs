//! Links, with a scheme and without. Owns the beginning and the end of a link. Follows
//! twitter-text, except where a comment names a difference.
//!
//! Unlike in twitter-text, a link with a scheme may follow any character, is a span even without a
//! valid host, and has no domain if it is cut off within its host (`http://exam…`). A name that it
//! follows without a space ends before it.

use super::{Candidate, Span};
use crate::Kind;
use crate::social::characters::{is_cyrillic, is_latin_accent, is_word_alone};
use crate::social::domain;

const SCHEMES: [&str; 2] = ["https", "http"];

/// Twitter's links to pictures, `pic.twitter.com/…`, may follow any character.
const PICTURE: &str = "pic";
const PICTURES: &str = ".twitter.com/";

/// Parses the link whose scheme ends with the colon at the candidate.
pub(super) fn parse_with_scheme(candidate: Candidate<'_>) -> Option<Span> {
    let after = candidate.rest().strip_prefix("://")?;
    let before = &candidate.text[candidate.floor..candidate.at];
    let scheme = SCHEMES.into_iter().find(|scheme| ends_with(before, scheme))?;
    let host_at = candidate.at + 3;
    let host = host_length(after);
    let end = host_at + host + tail_length(&after[host..]);
    let is_cut = end == host_at + host && candidate.text[end..].starts_with('…');
    let host = if is_cut { 0 } else { host };
    let body = (host_at, host_at + host);
    Some(Span { kind: Kind::Domain, start: candidate.at - scheme.len(), end, body })
}

/// Returns the length of the name in the first `length` bytes of `text` without the beginning of a
/// link that exports of old posts glue to it: `#Taghttps://…`, `@namepic.twitter.com/…`.
pub(super) fn unglued(text: &str, length: usize) -> usize {
    let (name, after) = text.split_at(length);
    let glued: &[&str] = if after.starts_with("://") {
        &SCHEMES
    } else if after.starts_with(PICTURES) {
        &[PICTURE]
    } else {
        return length;
    };
    let link = glued.iter().find(|link| ends_with(name, link));
    length - link.map_or(0, |link| link.len())
}

/// Returns true if `text` ends with `tail`, whose case is ignored.
fn ends_with(text: &str, tail: &str) -> bool {
    let start = text.len().checked_sub(tail.len());
    start.and_then(|start| text.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(tail))
}

/// Parses the link without a scheme whose host has a dot at the candidate. Fails with the position
/// at which the search continues.
pub(super) fn parse_bare(candidate: Candidate<'_>) -> Result<Span, usize> {
    let bytes = candidate.text.as_bytes();
    let around = [candidate.at.checked_sub(1), Some(candidate.at + 1)];
    let byte = |at: Option<usize>| at.and_then(|at| bytes.get(at));
    if !around.into_iter().map(byte).all(|byte| byte.is_some_and(|byte| is_host_byte(*byte))) {
        return Err(candidate.at + 1);
    }
    let before = bytes[candidate.floor..candidate.at].iter().rev();
    let mut start = candidate.at - before.take_while(|byte| is_host_byte(**byte)).count();
    let is_picture = candidate.rest().starts_with(PICTURES)
        && candidate.text.as_bytes()[start..candidate.at].ends_with(PICTURE.as_bytes());
    if is_picture {
        start = candidate.at - PICTURE.len();
    }
    let rest = &bytes[candidate.at..];
    let run = rest.iter().take_while(|byte| is_host_byte(**byte) || **byte == b'.').count();
    let run_end = candidate.at + run;
    // A dot or hyphen at the end belongs to the sentence.
    let host = candidate.text[start..run_end].trim_end_matches(['.', '-', '_']);
    let end = start + host.len();
    if start == candidate.at
        || end <= candidate.at
        || !(is_picture || follows_boundary(&candidate.text[..start]))
    {
        return Err(run_end);
    }
    let tail = &candidate.text[end..];
    let has_path = tail.starts_with('/');
    if tail.starts_with(['@', '＠']) || !domain::is_bare_host(host, has_path) {
        return Err(run_end);
    }
    let is_cut = tail.starts_with('…');
    let body = (start, if is_cut { start } else { end });
    Ok(Span { kind: Kind::Domain, start, end: end + tail_length(tail), body })
}

/// Returns true if a link without a scheme may follow `before`: twitter-text's
/// `validUrlPrecedingChars` and `invalidUrlWithoutProtocolPrecedingChars`. Unlike in twitter-text,
/// it may not follow a letter of another alphabet, but may follow a character of a script without
/// spaces.
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

/// Returns the length of the host that begins `text`. A host may have letters of any script. But if
/// its last label begins in ASCII, letters of other scripts in it are text that follows the link
/// without a space.
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

/// Returns the length of port, path, query and fragment at the beginning of `text`, without the
/// punctuation of the sentence around the link: twitter-text's `validUrlPath` and
/// `validUrlQueryChars` combined.
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
        let (class, length) = match PATH_BYTES[usize::from(*next)] {
            FOREIGN => foreign_class(&path[at..]),
            class => (class, 1),
        };
        at += length;
        match class {
            OPEN if open == MAX_OPEN => break,
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

/// Returns the length of a colon and the digits after it, 0 without digits.
fn port_length(text: &str) -> usize {
    let digits = text
        .strip_prefix(':')
        .map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    if digits == 0 { 0 } else { 1 + digits }
}

/// The deepest nesting of parentheses, as in twitter-text. Without a limit, a text of links with
/// unclosed parentheses would be read to its end for each link, in quadratic time.
const MAX_OPEN: usize = 2;

/// The class of a byte that a path may contain.
const PATH: u8 = 1;
/// The class of a byte that may end a path.
const END: u8 = 2;
/// The class of the opening parenthesis, which a closing one has to balance.
const OPEN: u8 = 4;
const CLOSE: u8 = 8 | END;
/// The class of a byte that is a part of a character outside ASCII.
const FOREIGN: u8 = 16;
const PATH_BYTES: [u8; 256] = {
    let mut classes = [FOREIGN; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'+' | b'-' | b'=' | b'_' | b'#' | b'/' | b'&' => PATH | END,
            b'!' | b'*' | b'\'' | b';' | b':' | b',' | b'.' | b'$' | b'%' | b'[' | b']' | b'~'
            | b'@' | b'|' | b'?' => PATH,
            b'(' => OPEN,
            b')' => CLOSE,
            other if other.is_ascii_alphanumeric() => PATH | END,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Returns the class and the length of the character outside ASCII that begins `text`.
fn foreign_class(text: &str) -> (u8, usize) {
    match text.chars().next() {
        Some(c) if is_latin_accent(c) || is_cyrillic(c) => (PATH | END, c.len_utf8()),
        Some(c @ '\u{2013}') => (PATH, c.len_utf8()),
        _ => (0, 0),
    }
}
