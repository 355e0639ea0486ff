//! Reading the bytes of a detail with every bound checked. Owns the check that a varint is in its
//! shortest form; knows nothing of the meaning of the numbers.

use super::DetailError;
use crate::format::varint::Position;

const CUT_SHORT: &str = "it ends too early, or a number is above 64 bits";

/// A position in the bytes of a detail.
pub(super) struct Reader<'a> {
    raw: &'a [u8],
    at: Position,
}

impl<'a> Reader<'a> {
    pub(super) fn new(raw: &'a [u8]) -> Self {
        Self { raw, at: Position(0) }
    }

    /// An error at the reader's position.
    pub(super) fn error(&self, what: &'static str) -> DetailError {
        DetailError { at: self.at.0, what }
    }

    /// Reads a varint in its shortest form: its last byte is zero only if it is the only one.
    pub(super) fn unsigned(&mut self) -> Result<u64, DetailError> {
        let start = self.at.0;
        let value = self.at.unsigned(self.raw);
        let value = value.map_err(|_| DetailError { at: start, what: CUT_SHORT })?;
        let last = self.raw.get(self.at.0 - 1).copied();
        if last == Some(0) && self.at.0 - start > 1 {
            let what = "a number is not in its shortest form";
            return Err(DetailError { at: start, what });
        }
        Ok(value)
    }

    /// Reads a number up to `most`.
    pub(super) fn up_to(&mut self, most: usize, what: &'static str) -> Result<usize, DetailError> {
        let start = self.at.0;
        let value = usize::try_from(self.unsigned()?).ok().filter(|value| *value <= most);
        value.ok_or(DetailError { at: start, what })
    }

    pub(super) fn slice(&mut self, length: usize) -> Result<&'a [u8], DetailError> {
        let error = self.error(CUT_SHORT);
        self.at.slice(self.raw, length).map_err(|_| error)
    }

    /// Reads `length` bytes of UTF-8.
    pub(super) fn text(&mut self, length: usize) -> Result<&'a str, DetailError> {
        let error = self.error("a text is not UTF-8");
        simdutf8::basic::from_utf8(self.slice(length)?).map_err(|_| error)
    }

    /// Number of bytes not read yet.
    pub(super) fn left(&self) -> usize {
        self.raw.len() - self.at.0
    }

    /// Fails if bytes are left.
    pub(super) fn end(&self) -> Result<(), DetailError> {
        if self.left() == 0 {
            Ok(())
        } else {
            Err(self.error("more bytes follow than belong to it"))
        }
    }
}
