//! The compressions of input. Owns their magic numbers and decoders.

use std::fmt;
use std::io::Read;

use serde::{Deserialize, Serialize};

/// A compression of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Plain lines; the only one that can be cut into chunks.
    None,
    /// gzip, one member after the other.
    Gzip,
    /// zstd, one frame after the other, with windows of at most 128 MiB.
    Zstd,
    /// bzip2, one stream after the other.
    Bzip2,
}

impl Compression {
    /// Detects the compression by the first bytes of an object. Its name is less reliable: files
    /// are renamed.
    pub fn detect(head: &[u8]) -> Self {
        match head {
            [0x1F, 0x8B, ..] => Self::Gzip,
            // A skippable frame may come first: seekable and padded files begin with one.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            _ => Self::None,
        }
    }

    /// Returns a reader of the decompressed bytes of `compressed`.
    pub(super) fn decoder<'a>(
        self,
        compressed: impl Read + 'a,
    ) -> std::io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::None => Box::new(compressed),
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(compressed)),
            Self::Zstd => Box::new(zstd::Decoder::new(compressed)?),
            Self::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(compressed)),
        })
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
        })
    }
}
