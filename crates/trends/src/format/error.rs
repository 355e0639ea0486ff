//! The errors of reading a block. Owns their texts; knows nothing of the content of blocks.

/// Bytes that are not a valid block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Too short or without the magic bytes.
    #[error("it is not a block of this program")]
    NotABlock,
    /// Written by a newer version.
    #[error("it has block format {found}, this program reads formats up to {known}")]
    Newer {
        /// The version of the block.
        found: u8,
        /// The newest version that this program reads of blocks of its type.
        known: u8,
    },
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
