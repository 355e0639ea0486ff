//! Variable-length integers: seven bits a byte, least significant first; the high bit is set if
//! another byte follows (LEB128, as in Protocol Buffers). Signed integers are zigzag-coded first.

use super::FormatError;

pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends the length of `bytes`, then the bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(crate) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// A position in the content of a block.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Position(pub(crate) usize);

impl Position {
    pub(crate) fn byte(&mut self, raw: &[u8]) -> Result<u8, FormatError> {
        let byte = *raw.get(self.0).ok_or(FormatError::Content(self.0))?;
        self.0 += 1;
        Ok(byte)
    }

    pub(crate) fn unsigned(&mut self, raw: &[u8]) -> Result<u64, FormatError> {
        let start = self.0;
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(raw)?;
            let bits = u64::from(byte & 0x7F);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(FormatError::Content(start))
    }

    pub(crate) fn signed(&mut self, raw: &[u8]) -> Result<i64, FormatError> {
        let value = self.unsigned(raw)?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Reads a length or position below `limit`.
    pub(crate) fn below(&mut self, raw: &[u8], limit: usize) -> Result<usize, FormatError> {
        let start = self.0;
        let value = usize::try_from(self.unsigned(raw)?).ok().filter(|value| *value < limit);
        value.ok_or(FormatError::Content(start))
    }

    pub(crate) fn slice<'a>(
        &mut self,
        raw: &'a [u8],
        length: usize,
    ) -> Result<&'a [u8], FormatError> {
        let end = self.0 + length;
        let slice = raw.get(self.0..end).ok_or(FormatError::Content(self.0))?;
        self.0 = end;
        Ok(slice)
    }

    /// Reads a length of at most `most`, then as many bytes.
    pub(crate) fn bytes<'a>(
        &mut self,
        raw: &'a [u8],
        most: usize,
    ) -> Result<&'a [u8], FormatError> {
        let length = self.below(raw, most + 1)?;
        self.slice(raw, length)
    }

    /// Reads a length of at most `most`, then as many bytes of UTF-8.
    pub(crate) fn text(&mut self, raw: &[u8], most: usize) -> Result<String, FormatError> {
        let bytes = self.bytes(raw, most)?;
        let start = self.0 - bytes.len();
        String::from_utf8(bytes.to_vec()).map_err(|_| FormatError::Content(start))
    }
}
