//! Blocks of whole lines from a compressed object. Owns the one pass over its decompressed bytes;
//! other threads parse them.

use std::cell::RefCell;
use std::io::{self, Read};
use std::path::PathBuf;

use memchr::{memchr, memrchr};

use super::compression::NOT_GZIP;
use super::lines::surely_too_long;
use super::object::Object;
use crate::Error;
use crate::room::Held;

/// Bytes that are decompressed before their lines are handed over.
const BLOCK: usize = 1 << 20;

/// Bytes that are kept of a line that is too long: as many as of any malformed line.
const BEGINNING: usize = 64 << 10;

/// Bytes past the end of a range that are read first: most last lines end there.
const TAIL: u64 = 64 << 10;

/// A piece of a decompressed object.
#[derive(Debug)]
pub(crate) enum StreamBlock {
    /// Whole lines; the very last may lack its newline.
    Lines {
        /// The offset of the first line in the decompressed object.
        offset: u64,
        /// The lines.
        lines: Vec<u8>,
        /// The room that was taken for a long line; the sink takes room for all other blocks.
        held: Option<Held>,
    },
    /// A line above the longest allowed.
    TooLong {
        /// The offset of the line in the decompressed object.
        offset: u64,
        /// Its first bytes.
        beginning: Vec<u8>,
    },
}

/// A range of an object whose lines are wanted: those that begin in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LineRange {
    /// The first byte of the range, in the (decompressed) object.
    pub(crate) start: u64,
    /// The byte after the last one.
    pub(crate) end: u64,
}

impl LineRange {
    /// All lines of an object.
    pub(crate) const WHOLE: Self = Self { start: 0, end: u64::MAX };

    /// The offset at which the stream must begin: one byte before the range. If that byte is a
    /// newline, a line begins at the start of the range.
    pub(crate) fn from(self) -> u64 {
        self.start.saturating_sub(1)
    }
}

/// Takes the blocks of a stream.
pub(crate) trait StreamSink {
    /// Counts compressed bytes that were read.
    fn consumed(&self, compressed: u64);

    /// Returns a used buffer, if there is one, so that the next block can reuse its memory.
    fn spare(&self) -> Option<Vec<u8>>;

    /// Takes room for a line of up to so many bytes.
    fn room(&self, bytes: usize) -> Held;

    /// Takes room for the memory of a decoder.
    fn decoder_room(&self, bytes: usize) -> Held;

    /// Takes the next block.
    fn put(&self, block: StreamBlock) -> Result<(), Error>;
}

/// Decompresses an object and hands the lines of a range over, in order. `reader` begins at
/// [`LineRange::from`]. Past the end of the range it reads no more than the rest of the last line
/// needs.
pub(crate) fn stream_lines(
    object: &Object,
    reader: impl Read,
    range: LineRange,
    max_line: usize,
    sink: &impl StreamSink,
) -> Result<(), Error> {
    let compressed = CountingReader { inner: reader, sink };
    let longest = max_line + 4 * BLOCK;
    let held = RefCell::new(None);
    let mut decoder = object.compression.decoder(compressed, |bytes| {
        // A long line that goes on in this frame gives its room back during the wait: those who
        // hold room for a decoder may wait for room for a line.
        let has_line = held.take().is_some();
        let room = sink.decoder_room(bytes);
        held.replace(has_line.then(|| sink.room(longest)));
        room
    });
    let mut offset = range.from();
    let mut buffer = Vec::with_capacity(BLOCK);
    if range.start > 0 {
        let skipped = skip_line(&mut decoder, &mut buffer, range.end - offset)
            .map_err(|error| undecodable(object, offset, error))?;
        let Some(skipped) = skipped else { return Ok(()) };
        offset += skipped;
    }
    let mut at_end = false;
    while offset < range.end {
        if let Some(last) = last_owned(&buffer, offset, range.end) {
            buffer.truncate(last + 1);
            return sink.put(StreamBlock::Lines { offset, lines: buffer, held: held.take() });
        }
        if at_end {
            if !buffer.is_empty() {
                sink.put(StreamBlock::Lines { offset, lines: buffer, held: held.take() })?;
            }
            return Ok(());
        }
        if let Some(newline) = memrchr(b'\n', &buffer) {
            let mut next = sink.spare().unwrap_or_default();
            next.clear();
            next.reserve(BLOCK);
            next.extend_from_slice(&buffer[newline + 1..]);
            buffer.truncate(newline + 1);
            let length = buffer.len() as u64;
            let lines = std::mem::replace(&mut buffer, next);
            sink.put(StreamBlock::Lines { offset, lines, held: held.take() })?;
            offset += length;
        }
        if buffer.len() > surely_too_long(offset, max_line) {
            let beginning = buffer[..BEGINNING.min(buffer.len())].to_vec();
            sink.put(StreamBlock::TooLong { offset, beginning })?;
            let skipped = skip_line(&mut decoder, &mut buffer, range.end - offset)
                .map_err(|error| undecodable(object, offset, error))?;
            let Some(skipped) = skipped else { return Ok(()) };
            offset += skipped;
            held.take();
            continue;
        }
        if buffer.len() >= BLOCK && held.borrow().is_none() {
            // A long line. Its whole room is taken at once: two streams that each took a part
            // and waited for more would wait for ever.
            held.replace(Some(sink.room(longest)));
            buffer.reserve_exact(longest - buffer.len());
        }
        let wanted = next_read(buffer.len() as u64, range.end - offset);
        at_end = fill(&mut decoder, &mut buffer, wanted)
            .map_err(|error| undecodable(object, offset + buffer.len() as u64, error))?;
    }
    Ok(())
}

/// Returns the number of bytes to read next, if `held` bytes from the beginning of a line are in
/// the buffer and the range ends `owned` bytes after it. Past the end of the range the steps begin
/// small and double: mostly one line ends soon, but it may be long.
fn next_read(held: u64, owned: u64) -> u64 {
    let block = BLOCK as u64;
    match owned.checked_sub(held) {
        Some(within @ 1..) => within.min(if held < block { block - held } else { block }),
        _ => (held - owned).clamp(TAIL, block),
    }
}

/// Returns the position in the buffer of the newline that ends the last line of those that begin
/// before `end`; `None` if the buffer does not reach it. The buffer begins at `offset`.
fn last_owned(buffer: &[u8], offset: u64, end: u64) -> Option<usize> {
    let first = usize::try_from((end - 1).saturating_sub(offset)).ok()?;
    memchr(b'\n', buffer.get(first..)?).map(|at| first + at)
}

/// Reads `wanted` bytes to the end of the buffer. Returns true if the stream ended before.
fn fill(reader: &mut impl Read, buffer: &mut Vec<u8>, wanted: u64) -> io::Result<bool> {
    let count = reader.by_ref().take(wanted).read_to_end(buffer)?;
    Ok((count as u64) < wanted)
}

/// Reads past the line that fills the whole buffer, and leaves the bytes after it in the buffer.
/// Returns the length of the line, with its newline. `None` if no line begins within `owned` bytes
/// after the first of the buffer, where the range ends: bytes past that are not read.
fn skip_line(reader: &mut impl Read, buffer: &mut Vec<u8>, owned: u64) -> io::Result<Option<u64>> {
    let mut skipped = buffer.len() as u64;
    buffer.clear();
    buffer.shrink_to(BLOCK);
    while skipped < owned {
        let wanted = (owned - skipped).min(BLOCK as u64);
        let at_end = fill(reader, buffer, wanted)?;
        if let Some(newline) = memchr(b'\n', buffer) {
            buffer.drain(..=newline);
            return Ok(Some(skipped + newline as u64 + 1));
        }
        skipped += buffer.len() as u64;
        buffer.clear();
        if at_end {
            return Ok(None);
        }
    }
    Ok(None)
}

/// Counts the bytes that are read.
struct CountingReader<'a, R, S> {
    inner: R,
    sink: &'a S,
}

impl<R: Read, S: StreamSink> Read for CountingReader<'_, R, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.sink.consumed(count as u64);
        Ok(count)
    }
}

fn undecodable(object: &Object, decompressed: u64, error: io::Error) -> Error {
    let path = PathBuf::from(&object.name);
    // A reader of a server wraps an error of the pipeline, which decoders pass on.
    let error = match error.downcast::<Error>() {
        Ok(own) => return own,
        Err(error) => error,
    };
    if error.raw_os_error().is_some() {
        let source = io::Error::new(error.kind(), error.to_string());
        return Error::Read { path, offset: None, source };
    }
    let message = error.to_string();
    let what = if message == NOT_GZIP {
        format!("{message}: fetch the file again, or cut them off if they are no records")
    } else if error.kind() == io::ErrorKind::UnexpectedEof || message.contains("incomplete") {
        format!("the {} data ends in the middle: fetch the file again", object.compression)
    } else if message.contains("too much memory") {
        "it needs a window above 128 MiB: compress it with --long=27 at most".to_owned()
    } else {
        format!("the {} data is damaged ({message}): fetch the file again", object.compression)
    };
    Error::Compression { path, decompressed, what }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::super::compression::Compression;
    use super::super::object::{FileVersion, ObjectLocation};
    use super::*;
    use crate::room::Room;
    use crate::testing::BlockLog;

    fn object(compression: Compression) -> Object {
        let location =
            ObjectLocation::File { path: PathBuf::from("/in"), version: FileVersion::Modified(0) };
        Object { name: "in".to_owned(), size: 0, compression, location }
    }

    /// The blocks of a range of a text.
    fn blocks(text: &[u8], range: LineRange) -> Vec<(u64, Vec<u8>, bool)> {
        let sink = BlockLog::default();
        let from = usize::try_from(range.from()).unwrap();
        stream_lines(&object(Compression::None), &text[from..], range, 1 << 20, &sink).unwrap();
        sink.into_blocks()
    }

    #[test]
    fn every_line_belongs_to_exactly_one_range_of_any_cut() {
        let text = b"a\n\nbcd\r\ne\nlast";
        for cut in 1..text.len() as u64 {
            let ranges = [LineRange { start: 0, end: cut }, LineRange { start: cut, end: 14 }];
            let mut whole = Vec::new();
            for (offset, lines, _) in ranges.into_iter().flat_map(|range| blocks(text, range)) {
                assert_eq!(offset, whole.len() as u64, "cut at {cut}");
                whole.extend(lines);
            }
            assert_eq!(whole, text, "cut at {cut}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_but_for_its_beginning() {
        let text = [b"short\n", "x".repeat(5 << 20).as_bytes(), b"\nnext\n"].concat();
        let blocks = blocks(&text, LineRange::WHOLE);
        let found: Vec<_> =
            blocks.iter().map(|(at, bytes, long)| (*at, bytes.len(), *long)).collect();
        assert_eq!(found, [(0, 6, false), (6, BEGINNING, true), (7 + (5 << 20), 5, false)]);
    }

    /// Counts the bytes that are read of a text.
    struct Counted<'a> {
        text: &'a [u8],
        read: usize,
    }

    impl Read for Counted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.text.read(buffer)?;
            self.read += count;
            Ok(count)
        }
    }

    /// Reads a range of a text in which no line is allowed more than `max_line` bytes. Returns the
    /// number of blocks, and of the bytes that were read past the end of the range.
    fn read_past(text: &[u8], range: LineRange, max_line: usize) -> (usize, u64) {
        let sink = BlockLog::default();
        let from = usize::try_from(range.from()).unwrap();
        let mut reader = Counted { text: &text[from..], read: 0 };
        stream_lines(&object(Compression::None), &mut reader, range, max_line, &sink).unwrap();
        let past = (range.from() + reader.read as u64).saturating_sub(range.end);
        (sink.into_blocks().len(), past)
    }

    #[test]
    fn a_range_within_a_line_reads_nothing_past_its_end() {
        let text = "x".repeat(20 << 20);
        for (start, length) in [(1, 1), (1, 2), (5, 1_000), (1 << 20, 1 << 20), (77, 3 << 20)] {
            let range = LineRange { start, end: start + length };
            assert_eq!(read_past(text.as_bytes(), range, 1 << 20), (0, 0), "{range:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_read_until_that_is_known_and_no_further() {
        let text = "x".repeat(20 << 20);
        let max_line = 4 << 20;
        for end in [1_u64, 1_000, 3 << 20, 5 << 20, 9 << 20] {
            let (blocks, past) = read_past(text.as_bytes(), LineRange { start: 0, end }, max_line);
            assert_eq!(blocks, 1, "{end}");
            // The read that passes the limit may be as long as a block.
            let most = (surely_too_long(0, max_line) + BLOCK) as u64;
            let most = most.saturating_sub(end);
            assert!(past <= most, "{end}: {past}");
        }
    }

    #[test]
    fn the_rest_of_a_short_last_line_costs_a_short_read() {
        let text = "a line of twenty-eight byte\n".repeat(100_000);
        for (start, end) in [(0, 1), (100, 101), (0, 1_000), (5_000, 2_000_000)] {
            let (blocks, past) = read_past(text.as_bytes(), LineRange { start, end }, 1 << 20);
            let owns = usize::from(start == 0 || end - start > 28);
            assert!(blocks >= owns && past <= TAIL, "{start}..{end}: {blocks} {past}");
        }
    }

    /// Gives room to one line at a time, and lets no one wait.
    struct LineRoom {
        room: Room,
        windows: RefCell<Vec<usize>>,
    }

    impl StreamSink for LineRoom {
        fn consumed(&self, _: u64) {}

        fn spare(&self) -> Option<Vec<u8>> {
            None
        }

        fn room(&self, bytes: usize) -> Held {
            self.room.take(bytes).now_or_never().expect("the room is free")
        }

        /// Fails if the line has room meanwhile.
        fn decoder_room(&self, bytes: usize) -> Held {
            drop(self.room(20 << 20));
            self.windows.borrow_mut().push(bytes);
            Held::default()
        }

        fn put(&self, _: StreamBlock) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn a_stream_that_waits_for_room_for_its_decoder_holds_no_room_for_a_line() {
        let frame = |text: &str, log: u32| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.window_log(log).unwrap();
            io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let long = "x".repeat(3 << 20);
        let packed = [
            frame("short\n", 17),
            // A line that ends in the next frame, whose window is larger.
            frame(&long, 18),
            frame("\nshort\n", 19),
            frame("short\n", 20),
        ]
        .concat();
        let sink = LineRoom { room: Room::new(20 << 20), windows: RefCell::default() };
        let object = object(Compression::Zstd);
        stream_lines(&object, &packed[..], LineRange::WHOLE, 16 << 20, &sink).unwrap();
        assert_eq!(sink.windows.into_inner(), [1 << 17, 1 << 18, 1 << 19, 1 << 20]);
        // Four looks of `decoder_room`, the line, and the line again after each of the two larger windows.
        assert_eq!(sink.room.taken(), (4 + 1 + 2) * (20 << 20));
    }

    #[test]
    fn compressed_data_that_ends_early_is_an_error_with_the_remedy() {
        let packed = zstd::encode_all(&b"{}\n".repeat(1_000)[..], 1).unwrap();
        let cut = &packed[..packed.len() - 5];
        let sink = BlockLog::default();
        let result = stream_lines(&object(Compression::Zstd), cut, LineRange::WHOLE, 99, &sink);
        let error = result.unwrap_err();
        assert_eq!((error.reason(), error.is_permanent()), ("DamagedCompression", true));
        assert!(error.to_string().contains("fetch the file again"), "{error}");
    }
}
