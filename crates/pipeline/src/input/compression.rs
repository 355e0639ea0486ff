//! The compressions of input. Owns their magic numbers and decoders.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;
use serde::{Deserialize, Serialize};

use super::zstd_frames::ZstdFrames;
use crate::room::Held;

/// Bytes of compressed data that are read at once.
const BUFFER: usize = 128 << 10;

/// The fault of a gzip file that ends in other data.
pub(super) const NOT_GZIP: &str = "bytes that are no gzip data follow its last member";

/// A compression of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Plain lines; the only one that can be cut into chunks.
    None,
    /// gzip, one member after the other; zeros may fill it up, as tapes and some appliances do.
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

    /// Returns a reader of the decompressed bytes of `compressed`. Without compression it reads no
    /// more of them than is read of it. The decoder of zstd takes room for its memory; that of
    /// bzip2 needs 4 MiB, that of gzip less.
    pub(super) fn decoder<'a>(
        self,
        compressed: impl Read + 'a,
        take_room: impl FnMut(usize) -> Held + 'a,
    ) -> Box<dyn Read + 'a> {
        let buffered = |compressed| BufReader::with_capacity(BUFFER, compressed);
        match self {
            Self::None => Box::new(compressed),
            Self::Gzip => Box::new(GzipMembers(Members::Next(buffered(compressed)))),
            Self::Zstd => Box::new(ZstdFrames::new(buffered(compressed), take_room)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(buffered(compressed))),
        }
    }
}

/// Decompresses gzip members, and ignores zeros after the last, as gzip does.
struct GzipMembers<R>(Members<R>);

enum Members<R> {
    /// The reader is where a member begins, or where the data ends.
    Next(R),
    /// The reader is within a member.
    Within(Box<GzDecoder<R>>),
    /// The reader is in another state's hands.
    End,
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match &mut self.0 {
                Members::End => return Ok(0),
                Members::Within(member) => {
                    let count = member.read(buffer)?;
                    if count > 0 {
                        return Ok(count);
                    }
                }
                Members::Next(rest) => match rest.fill_buf()?.first() {
                    Some(0x1F) => {}
                    Some(0) => {
                        only_zeros(rest)?;
                        return Ok(0);
                    }
                    Some(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, NOT_GZIP)),
                    None => return Ok(0),
                },
            }
            self.0 = match std::mem::replace(&mut self.0, Members::End) {
                Members::Within(member) => Members::Next(member.into_inner()),
                Members::Next(rest) => Members::Within(Box::new(GzDecoder::new(rest))),
                Members::End => Members::End,
            };
        }
    }
}

/// Reads to the end. Fails if a byte is not zero.
fn only_zeros(rest: &mut impl BufRead) -> io::Result<()> {
    loop {
        let bytes = rest.fill_buf()?;
        if bytes.is_empty() {
            return Ok(());
        }
        if bytes.iter().any(|byte| *byte != 0) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, NOT_GZIP));
        }
        let count = bytes.len();
        rest.consume(count);
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// A reader that gives few bytes at a time, as networks do.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(7);
            self.0.read(&mut buffer[..most])
        }
    }

    fn decoded(packed: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        Compression::Gzip.decoder(Slow(packed), |_| Held::default()).read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn zeros_after_the_last_gzip_member_are_ignored() {
        let packed = [gzip(b"love "), gzip(b""), gzip(b"peace")].concat();
        for zeros in [0, 1, 2, 9, 10, 18, 511, 512, 300_000] {
            let padded = [packed.clone(), vec![0; zeros]].concat();
            assert_eq!(decoded(&padded).unwrap(), "love peace", "{zeros}");
        }
    }

    #[test]
    fn other_bytes_after_the_last_gzip_member_are_refused_by_what_they_are() {
        let packed = gzip(b"love");
        let zeros = vec![0; 512];
        let ends: [&[&[u8]]; 4] = [&[b"x"], &[b"\n"], &[&zeros, b"x"], &[&zeros, &packed]];
        for end in ends {
            let damaged = [packed.clone(), end.concat()].concat();
            let error = decoded(&damaged).unwrap_err().to_string();
            assert_eq!(error, NOT_GZIP, "{end:?}");
        }
        // A member that is cut or damaged is told as that.
        for cut in 1..packed.len() {
            let error = decoded(&[&packed[..], &packed[..cut]].concat()).unwrap_err();
            assert_ne!(error.to_string(), NOT_GZIP, "{cut}");
        }
    }
}
