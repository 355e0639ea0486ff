//! Removes the tags from Mastodon's HTML. Owns which tags separate words; leaves HTML
//! entities undecoded.

/// The tags that become a space, besides headings. All other tags become nothing, so that a link
/// that is split into spans becomes whole again.
const BLOCKS: [&[u8]; 11] =
    [b"p", b"br", b"div", b"li", b"ul", b"ol", b"blockquote", b"pre", b"hr", b"tr", b"td"];

/// Appends `text` without its tags. A `<` stays if it opens no tag or is never closed.
pub(super) fn strip_tags(text: &[u8], out: &mut Vec<u8>) {
    // Searched once: a search after every `<` would take quadratic time in a text without `>`.
    let last_close = memchr::memrchr(b'>', text).map_or(0, |at| at + 1);
    let (mut rest, unclosed) = text.split_at(last_close);
    while let Some(open) = memchr::memchr(b'<', rest) {
        let (before, tag) = rest.split_at(open);
        out.extend_from_slice(before);
        if let Some(name) = tag_name(tag)
            && let Some(close) = memchr::memchr(b'>', tag)
        {
            if is_block(name) {
                out.push(b' ');
            }
            rest = &tag[close + 1..];
        } else {
            out.push(b'<');
            rest = &tag[1..];
        }
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(unclosed);
}

/// Returns the name of the tag that begins `tag`: a letter follows `<` or `</`.
fn tag_name(tag: &[u8]) -> Option<&[u8]> {
    let name = tag.get(1..)?;
    let name = name.strip_prefix(b"/").unwrap_or(name);
    name.first().filter(|first| first.is_ascii_alphabetic())?;
    let end = name.iter().position(|byte| !byte.is_ascii_alphanumeric());
    Some(&name[..end.unwrap_or(name.len())])
}

fn is_block(name: &[u8]) -> bool {
    let is_heading = matches!(name, [b'h' | b'H', b'1'..=b'6']);
    is_heading || BLOCKS.iter().any(|block| block.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_tags_become_spaces_and_inline_tags_nothing() {
        for (html, text) in [
            ("<p>one</p><p>two<br>three<BR />four</p>", " one  two three four "),
            (
                "<a href=\"x\"><span class=\"invisible\">https://</span><span>a.b/c</span></a>",
                "https://a.b/c",
            ),
            ("#<span>tag</span>", "#tag"),
            ("1 < 2 and 3 <4", "1 < 2 and 3 <4"),
            ("1 <2 > <b>x</b> <c", "1 <2 > x <c"),
            ("open <p never closed", "open <p never closed"),
            ("&lt;p&gt; &amp;", "&lt;p&gt; &amp;"),
            ("<pre>x</pre><progress>y", " x y"),
        ] {
            let mut out = Vec::new();
            strip_tags(html.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text, "{html}");
        }
    }
}
