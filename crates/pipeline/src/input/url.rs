//! URLs of the input as text: the spelling that all URLs of one object share, and the form in which
//! messages, logs and plans name them. Knows nothing of requests.

use sha2::Digest as _;
use trends::digest::hex;

/// A longer value of a query may be a signature, so it is not shown.
const LONGEST_SHOWN: usize = 16;

/// Parts of the names of parameters whose values are never shown, however short.
const SECRETS: [&str; 9] =
    ["sig", "token", "key", "secret", "pass", "pwd", "auth", "credential", "policy"];

/// Returns true if a URI is an http or https URL.
pub(crate) fn is_remote(uri: &str) -> bool {
    let scheme = uri.split_once("://").map_or("", |(scheme, _)| scheme);
    ["http", "https"].iter().any(|remote| remote.eq_ignore_ascii_case(scheme))
}

/// Returns the URL with its scheme and host in lower case, with a path, and without a default port
/// and a fragment: equal for URLs that differ in nothing that a server sees (RFC 3986 section 6.2).
pub(crate) fn normal(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let scheme = scheme.to_ascii_lowercase();
    let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let authority = authority.to_ascii_lowercase();
    let default = if scheme == "https" { 443 } else { 80 };
    let host = match authority.rsplit_once(':') {
        Some((host, "")) => host,
        Some((host, port)) if port.parse() == Ok(default) => host,
        _ => authority.as_str(),
    };
    let path = if rest.starts_with('/') { "" } else { "/" };
    format!("{scheme}://{host}{path}{rest}")
}

/// Returns the URL as messages, logs and plans name it: values of its query that may be signatures
/// or passwords are replaced by two dots. Six digits of a hash follow, so that objects whose names
/// differ in an id still have different names.
pub(crate) fn shown(url: &str) -> String {
    let Some((before, query)) = url.split_once('?') else { return url.to_owned() };
    let mut shown = before.to_owned();
    for (number, parameter) in query.split('&').enumerate() {
        shown.push(if number == 0 { '?' } else { '&' });
        let (name, value) = match parameter.split_once('=') {
            Some((name, value)) => (Some(name), value),
            None => (None, parameter),
        };
        if let Some(name) = name {
            shown.push_str(name);
            shown.push('=');
        }
        let name = name.unwrap_or_default().to_ascii_lowercase();
        if SECRETS.iter().any(|secret| name.contains(secret)) {
            shown.push_str("..");
        } else if value.len() > LONGEST_SHOWN {
            shown.push_str("..");
            shown.push_str(&hex(&sha2::Sha256::digest(value)[..3]));
        } else {
            shown.push_str(value);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_url_have_one_normal_form() {
        let spellings = [
            "http://host/a?b=C",
            "HTTP://HOST/a?b=C",
            "http://host:80/a?b=C",
            "http://host:/a?b=C",
            "http://host/a?b=C#part",
        ];
        for spelling in spellings {
            assert_eq!(normal(spelling), "http://host/a?b=C", "{spelling}");
        }
        assert_eq!(normal("https://[::1]:443"), "https://[::1]/");
        assert_eq!(normal("http://[::1]?a"), "http://[::1]/?a");
        // URLs that a server may answer differently stay different.
        for other in [
            "http://host:443/a",
            "https://host:80/a",
            "http://host/A",
            "http://host/a/",
            "http://h/?",
        ] {
            assert_eq!(normal(other), other);
        }
    }

    #[test]
    fn what_may_be_a_signature_is_not_shown() {
        let url = "https://h/a.ndjson?sv=2022-11-02&sig=abc%3D&page=7&X-Amz-Credential=me";
        assert_eq!(
            shown(url),
            "https://h/a.ndjson?sv=2022-11-02&sig=..&page=7&X-Amz-Credential=.."
        );
        let bare = shown("https://h/a?0123456789abcdef0");
        assert!(bare.starts_with("https://h/a?..") && !bare.contains("0123456789"), "{bare}");
        let ids = ["a", "b"].map(|end| shown(&format!("http://h/?id=0123456789abcdef{end}")));
        assert!(ids[0] != ids[1] && ids[0].len() == ids[1].len(), "{ids:?}");
        assert_eq!(shown("http://h/a"), "http://h/a");
    }
}
