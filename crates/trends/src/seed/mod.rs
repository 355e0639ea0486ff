//! The `Seed` profile: the cleaning of the original program, with all its quirks. Owns the rules
//! of what a word is there; knows nothing of records or counts.
//!
//! The original, in order: `http\S+` becomes a space, then every punctuation mark, digit and
//! other non-letter, then lower case, split at spaces, keep what is longer than three letters and
//! no stop word. Three things follow that look like mistakes and are kept: `\S` is ASCII white
//! space only, so a no-break space continues a link; `HTTP://x` is no link and counts as `http`;
//! `café` is `caf`, too short, because `é` is no letter.

mod letters;
mod stopwords;
mod tokens;

pub use stopwords::is_stop_word;
pub use tokens::{Tokens, tokens};
