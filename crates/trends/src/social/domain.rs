//! The registrable part of a host. Owns what a link's domain is, by Mozilla's Public Suffix List;
//! knows nothing of where links begin and end.

use std::borrow::Cow;

/// No host is longer (RFC 1035 section 2.3.4); one of another script takes up to four times that.
const MOST_BYTES: usize = 4 * 253;

/// The host of a link: what stands after `://`, if that is there, and before the next of `/?#:`,
/// without user and password.
pub(super) fn host(link: &str) -> &str {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let authority = &rest[..rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    &host[..host.find(':').unwrap_or(host.len())]
}

/// Replaces `key` with the registrable domain of `host`, in lower case and in Unicode. `false` if
/// it has none: an address, a single label, or a public suffix itself.
pub(super) fn registrable(host: &str, key: &mut String) -> bool {
    key.clear();
    if host.len() > MOST_BYTES {
        return false;
    }
    let Ok(host) = canonical(host) else { return false };
    let host = host.trim_end_matches('.');
    let is_address =
        host.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let is_sound =
        host.split('.').all(|label| !label.is_empty() && !label.contains(char::is_whitespace));
    if is_address || !is_sound {
        return false;
    }
    let Some(domain) = addr::parse_dns_name(host).ok().and_then(|name| name.root()) else {
        return false;
    };
    key.push_str(domain);
    true
}

/// A host as the list has it: names of other scripts mapped by UTS #46.
fn canonical(host: &str) -> Result<Cow<'_, str>, idna::Errors> {
    let is_plain = host.is_ascii() && !host.split('.').any(starts_encoded);
    if is_plain {
        return Ok(Cow::Owned(host.to_ascii_lowercase()));
    }
    let (unicode, result) = idna::domain_to_unicode(host);
    result.map(|()| Cow::Owned(unicode))
}

/// Whether a label is another script's in ASCII (RFC 5890's A-label).
fn starts_encoded(label: &str) -> bool {
    label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
}

/// Whether a host in ASCII, written without a scheme, is surely one: its suffix is on the list.
///
/// As in twitter-text, a country's two letters alone don't make a link (`it.so`) unless a path
/// follows, `co` and `tv` aside; and against it, a suffix written like the first word of a
/// sentence (`vote.Today`) makes none.
pub(super) fn is_bare_host(host: &str, has_path: bool) -> bool {
    let Some((name, last)) = host.rsplit_once('.') else { return false };
    if host.len() > MOST_BYTES {
        return false;
    }
    let labels_are_sound = host.split('.').all(|label| {
        let ends = [label.bytes().next(), label.bytes().next_back()];
        ends.iter().all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
    });
    if !labels_are_sound || !last.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return false;
    }
    let begins_sentence = last.as_bytes()[0].is_ascii_uppercase()
        && last.bytes().skip(1).any(|byte| byte.is_ascii_lowercase());
    let is_bare_country = last.len() == 2
        && !has_path
        && !["co", "tv"].iter().any(|free| free.eq_ignore_ascii_case(last))
        && !name.contains('.');
    if begins_sentence || is_bare_country {
        return false;
    }
    let host = host.to_ascii_lowercase();
    addr::parse_dns_name(&host).is_ok_and(|name| name.has_known_suffix())
}
