//! The limit of a term, which rows and the forms of a detail share. Knows nothing of either.

/// The longest term that is stored, in bytes. Occurrences of longer ones are only counted as long
/// terms.
pub const MAX_TERM_BYTES: usize = 1024;
