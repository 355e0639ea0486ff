//! The registrable part of a host. Owns the domain of a link, by Mozilla's Public Suffix List;
//! knows nothing of where links begin and end.

/// The longest host: 253 characters (RFC 1035 section 2.3.4) of up to four bytes each.
const MAX_BYTES: usize = 4 * 253;

/// Returns the host of a link: from after `://`, if the link has one, to before the next `/`, `?`,
/// `#`, `\` or `:`, without user and password.
pub(super) fn host(link: &str) -> &str {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let authority = &rest[..rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    &host[..host.find(':').unwrap_or(host.len())]
}

/// Replaces `key` with the registrable domain of `host`, in lower case and in Unicode. Returns
/// false if the host has none: it is an address, a single label or a public suffix itself.
pub(super) fn registrable(host: &str, key: &mut String) -> bool {
    key.clear();
    if host.len() > MAX_BYTES {
        return false;
    }
    let Some(host) = canonical(host) else { return false };
    let host = host.trim_end_matches('.');
    let is_address =
        host.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let is_sound =
        host.split('.').all(|label| !label.is_empty() && !label.contains(char::is_whitespace));
    if is_address || !is_sound {
        return false;
    }
    let domain = addr::parse_dns_name(host).ok().and_then(|name| name.root());
    key.push_str(domain.unwrap_or_default());
    domain.is_some()
}

/// Returns a host in the list's spelling: lower case, and labels of other scripts mapped by UTS
/// #46; `None` if that fails.
fn canonical(host: &str) -> Option<String> {
    if host.is_ascii() && !host.split('.').any(starts_encoded) {
        return Some(host.to_ascii_lowercase());
    }
    let (unicode, result) = idna::domain_to_unicode(host);
    result.is_ok().then_some(unicode)
}

/// Returns true if a label encodes another script in ASCII (an A-label of RFC 5890).
fn starts_encoded(label: &str) -> bool {
    label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
}

/// Returns true if ASCII text without a scheme is the host of a link: its suffix is on the list.
///
/// As in twitter-text, one label and a country's two letters make no link (`it.so`) unless a path
/// follows; `co` and `tv` do. Unlike in twitter-text, a suffix written like the first word of a
/// sentence (`vote.Today`) makes no link.
pub(super) fn is_bare_host(host: &str, has_path: bool) -> bool {
    let Some((name, last)) = host.rsplit_once('.') else { return false };
    if host.len() > MAX_BYTES {
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
