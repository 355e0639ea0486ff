//! The `Seed` profile: the cleaning of the original program, with all its quirks. Owns its
//! definition of a word; knows nothing of records or counts.
//!
//! The original replaces `http\S+` by a space, then every punctuation mark, digit and other
//! non-letter; lower-cases the text; splits it at spaces; and keeps the words that are longer than
//! three letters and no stop words. Three consequences look like mistakes and are kept: `\S`
//! excludes only ASCII white space, so a no-break space continues a link; `HTTP://x` is no link and
//! counts as `http`; `café` becomes `caf`, which is too short, because `é` is no letter.

mod letters;
mod stopwords;
mod tokens;

pub use stopwords::is_stop_word;
pub use tokens::{TokenSink, tokens};
