//! Text within the limits of conditions and events.

/// Cuts a text of more than `most` bytes at a character, and ends it with `…` then.
pub(crate) fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}
