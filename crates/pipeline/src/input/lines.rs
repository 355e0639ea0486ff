//! Reads the lines that belong to a byte range.
//!
//! A line belongs to the range that holds its first byte: the reader of `[s, e)` starts after the
//! first newline at or after `s - 1` and reads past `e` to finish its last line. The rule holds for
//! any way of cutting, so a shard is read in ranges of less than a mebibyte, by any number of
//! threads.

use std::ops::Range;

use memchr::{memchr, memrchr};

use super::file::InputFile;
use crate::room::Held;
use crate::{Context, Error};

/// Bytes past the end of a range that are read at once: most last lines end there.
const TAIL: u64 = 8 << 10;

/// Bytes that are read at once of a longer last line.
const MORE: u64 = 256 << 10;

/// The byte order mark that some programs put before UTF-8. It is not part of the first line.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A line with more bytes than this, and no end so far, is longer than `max_line`, wherever it is
/// cut: a byte order mark may be among the bytes.
pub(super) const fn surely_too_long(offset: u64, max_line: usize) -> usize {
    if offset == 0 { max_line + BYTE_ORDER_MARK.len() } else { max_line }
}

/// A buffer grows above this only for a long line, after it has taken room for the longest one.
const LARGE: usize = 1 << 20;

/// The buffer that a thread reads the lines of plain files into.
#[derive(Debug, Default)]
pub(crate) struct LineBuffer<'a> {
    /// The owner of the room for long lines; without it there is no bound.
    context: Option<&'a Context>,
    bytes: Vec<u8>,
    /// The room for a long line, while there is one in the buffer.
    held: Option<Held>,
}

impl<'a> LineBuffer<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context: Some(context), bytes: Vec::new(), held: None }
    }

    /// Prepares the buffer for more bytes of a line that may be `longest` bytes long.
    fn grow(&mut self, longest: usize) {
        if self.held.is_none() && self.bytes.len() + MORE as usize > LARGE {
            let most = longest + LARGE + MORE as usize;
            let room = |context: &Context| context.rooms.lines.wait(&context.runtime, most);
            self.held = Some(self.context.map(room).unwrap_or_default());
            self.bytes.reserve_exact(most - self.bytes.len());
        }
    }

    /// Ends the work on a long line: its memory goes before its room.
    fn end(&mut self) {
        if let Some(held) = self.held.take() {
            self.bytes = Vec::new();
            drop(held);
        }
    }
}

/// The receiver of lines.
pub(crate) trait Lines {
    /// Takes one or more lines, with their newlines; the last of an object may lack it. `offset` is
    /// the offset of the first byte in the (decompressed) object.
    fn lines(&mut self, offset: u64, block: &[u8]) -> Result<(), Error>;

    /// Takes the beginning of a line above the longest allowed; its rest is not read.
    fn too_long(&mut self, offset: u64, beginning: &[u8]) -> Result<(), Error>;
}

/// Reads the lines that belong to a range of a plain file into `buffer` and hands them to `sink`.
pub(crate) fn read_lines(
    file: &InputFile<'_>,
    range: Range<u64>,
    max_line: usize,
    buffer: &mut LineBuffer<'_>,
    sink: &mut impl Lines,
) -> Result<(), Error> {
    let read = read(file, range, max_line, buffer, sink);
    buffer.end();
    read
}

fn read(
    file: &InputFile<'_>,
    Range { start, end }: Range<u64>,
    max_line: usize,
    lines: &mut LineBuffer<'_>,
    sink: &mut impl Lines,
) -> Result<(), Error> {
    let size = file.object().size;
    let from = start.saturating_sub(1);
    let mut filled = (end + TAIL).min(size);
    file.read(&mut lines.bytes, 0, from, filled)?;

    // The conversion doesn't fail: the range is shorter than the buffer, which now holds it.
    let owned = usize::try_from(end - from).unwrap_or(usize::MAX);
    let buffer = &lines.bytes;
    let first = if start == 0 {
        0
    } else {
        match memchr(b'\n', &buffer[..owned - 1]) {
            Some(newline) => newline + 1,
            None => return Ok(()),
        }
    };
    let last = memrchr(b'\n', &buffer[first..owned - 1]).map_or(first, |at| first + at + 1);
    let mut searched = owned - 1;
    loop {
        let buffer = &lines.bytes;
        if let Some(newline) = memchr(b'\n', &buffer[searched..]) {
            return sink.lines(from + first as u64, &buffer[first..=searched + newline]);
        }
        if filled == size {
            return sink.lines(from + first as u64, &buffer[first..]);
        }
        if buffer.len() - last > surely_too_long(from + last as u64, max_line) {
            if last > first {
                sink.lines(from + first as u64, &buffer[first..last])?;
            }
            return sink.too_long(from + last as u64, &buffer[last..]);
        }
        searched = buffer.len();
        let more = (filled + MORE).min(size);
        lines.grow(max_line);
        file.read(&mut lines.bytes, searched, filled, more)?;
        filled = more;
    }
}
