//! The errors of reading a block. Owns their texts and the version that they name; knows nothing of
//! the content of blocks.

/// The newest version that is read. It is written for ranked topics with a significance, which
/// version 1 lacks.
pub const VERSION: u8 = 2;
/// The version that is written for all other blocks.
pub(super) const FIRST_VERSION: u8 = 1;

/// Bytes that are not a valid block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Too short or without the magic bytes.
    #[error("it is not a block of this program")]
    NotABlock,
    /// Written by a newer version.
    #[error("it has block format {0}, this program reads formats up to {VERSION}")]
    Newer(u8),
    /// The checksum does not match.
    #[error("its checksum does not match its content")]
    Checksum,
    /// The content has another type.
    #[error("its content is of another type than expected")]
    Type,
    /// The content is inconsistent, at an offset in it.
    #[error("its content is inconsistent at byte {0}")]
    Content(usize),
}
