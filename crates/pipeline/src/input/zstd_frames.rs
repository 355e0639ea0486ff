//! zstd frames, one after the other. Owns the size of a frame's window in the sense of RFC 8878, the
//! bytes that later ones may repeat: room is taken before the decoder allocates it. Knows nothing of
//! windows of time.

use std::io::{self, BufRead, Read};

use zstd::stream::raw::{Decoder, Operation as _};

use crate::room::Held;

/// The longest header of a frame, with its magic number.
const MAX_HEADER: usize = 18;

/// The largest window that the decoder accepts.
const MAX_WINDOW: u64 = 128 << 20;

/// Decompresses frames, and ignores skippable ones.
pub(super) struct ZstdFrames<R, W> {
    compressed: R,
    take_room: W,
    decoder: Option<FrameDecoder>,
    is_within_frame: bool,
    /// The first `read` bytes of a header that crosses two buffers of `compressed`; the decoder has
    /// read `decoded` of them.
    header: [u8; MAX_HEADER],
    read: usize,
    decoded: usize,
}

/// A decoder and the room for its window. It keeps the memory of the largest one.
struct FrameDecoder {
    decoder: Decoder<'static>,
    window: usize,
    _held: Held,
}

impl<R: BufRead, W: FnMut(usize) -> Held> ZstdFrames<R, W> {
    /// Creates a reader. `take_room` is called with the bytes of each window that is larger than
    /// all before it, while the reader holds no room.
    pub(super) fn new(compressed: R, take_room: W) -> Self {
        Self {
            compressed,
            take_room,
            decoder: None,
            is_within_frame: false,
            header: [0; MAX_HEADER],
            read: 0,
            decoded: 0,
        }
    }

    /// Prepares the decoder for the next frame. Returns false if there is none.
    fn begin_frame(&mut self) -> io::Result<bool> {
        let window = loop {
            let available = self.compressed.fill_buf()?;
            let Some(next) = available.first() else {
                return if self.read == 0 { Ok(false) } else { Err(incomplete()) };
            };
            if self.read == 0
                && let Some(window) = window(available)
            {
                break window;
            }
            self.header[self.read] = *next;
            self.read += 1;
            self.compressed.consume(1);
            if let Some(window) = window(&self.header[..self.read]) {
                break window;
            }
        };
        if self.decoder.as_ref().is_none_or(|decoder| decoder.window < window) {
            self.decoder = None;
            let held = if window == 0 { Held::default() } else { (self.take_room)(window) };
            self.decoder = Some(FrameDecoder { decoder: Decoder::new()?, window, _held: held });
        }
        self.is_within_frame = true;
        Ok(true)
    }
}

impl<R: BufRead, W: FnMut(usize) -> Held> Read for ZstdFrames<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.is_within_frame && !self.begin_frame()? {
                return Ok(0);
            }
            let Some(FrameDecoder { decoder, .. }) = &mut self.decoder else { return Ok(0) };
            let header = &self.header[self.decoded..self.read];
            let input = if header.is_empty() { self.compressed.fill_buf()? } else { header };
            let is_at_end = input.is_empty();
            let status = decoder.run_on_buffers(input, buffer)?;
            if header.is_empty() {
                self.compressed.consume(status.bytes_read);
            } else {
                self.decoded += status.bytes_read;
            }
            if status.remaining == 0 {
                self.is_within_frame = false;
                (self.read, self.decoded) = (0, 0);
            }
            if status.bytes_written > 0 {
                return Ok(status.bytes_written);
            }
            if is_at_end && self.is_within_frame {
                return Err(incomplete());
            }
        }
    }
}

fn incomplete() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "incomplete frame")
}

/// Returns the bytes that the decoder allocates for the window of the frame that begins with
/// `header`: RFC 8878, section 3.1.1.1. 0 for a skippable frame, for other data and for a window
/// that the decoder refuses; `None` if more bytes of the header are needed.
fn window(header: &[u8]) -> Option<usize> {
    let (magic, rest) = header.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*magic) != 0xFD2F_B528 {
        return Some(0);
    }
    let (descriptor, mut rest) = rest.split_first()?;
    let is_single_segment = descriptor & 0b10_0000 != 0;
    let mut declared = None;
    if !is_single_segment {
        let (byte, after) = rest.split_first()?;
        let base = 1_u64 << (10 + (byte >> 3));
        declared = Some(base + base / 8 * u64::from(byte & 7));
        rest = after;
    }
    let dictionary_id = [0, 1, 2, 4][usize::from(descriptor & 0b11)];
    let size = match descriptor >> 6 {
        0 => usize::from(is_single_segment),
        flag => 1 << flag,
    };
    let mut bytes = [0; 8];
    bytes[..size].copy_from_slice(rest.get(dictionary_id..dictionary_id + size)?);
    let offset = if size == 2 { 256 } else { 0 };
    let content = (size > 0).then(|| u64::from_le_bytes(bytes).saturating_add(offset));
    // The content of a single segment is its window.
    let accepted = declared.or(content).filter(|window| *window <= MAX_WINDOW);
    let allocated = accepted.map_or(0, |window| content.map_or(window, |bytes| window.min(bytes)));
    usize::try_from(allocated).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zstd::stream::raw::CParameter;

    use super::*;

    /// A frame with a window of `2^log` bytes, with the size of its content or without it.
    fn frame(text: &[u8], log: u32, with_size: bool) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.set_parameter(CParameter::WindowLog(log)).unwrap();
        if with_size {
            encoder.set_pledged_src_size(Some(text.len() as u64)).unwrap();
        }
        encoder.include_contentsize(with_size).unwrap();
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// Gives at most so many bytes at a time.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    /// The text of frames that are read in pieces, and the windows for which room was taken.
    fn decoded(packed: &[u8], piece: usize) -> io::Result<(Vec<u8>, Vec<usize>)> {
        let mut windows = Vec::new();
        let mut text = Vec::new();
        let compressed = io::BufReader::with_capacity(piece, Pieces(packed, piece));
        let take_room = |bytes| {
            windows.push(bytes);
            Held::default()
        };
        ZstdFrames::new(compressed, take_room).read_to_end(&mut text)?;
        Ok((text, windows))
    }

    #[test]
    fn room_is_taken_for_the_window_or_the_content_of_a_frame() {
        let text = b"love and peace ".repeat(40_000);
        for log in 10..=27 {
            let window = 1 << log;
            let packed = frame(&text, log, false);
            assert_eq!(decoded(&packed, 1 << 20).unwrap(), (text.clone(), vec![window]), "{log}");
            let packed = frame(&text, log, true);
            let smaller = window.min(text.len());
            assert_eq!(decoded(&packed, 1 << 20).unwrap(), (text.clone(), vec![smaller]), "{log}");
        }
        for length in [0, 1, 255, 256, 257, 65_791, 65_792] {
            let text = vec![b'x'; length];
            let windows = if length == 0 { vec![] } else { vec![length] };
            assert_eq!(decoded(&frame(&text, 20, true), 99).unwrap(), (text, windows), "{length}");
        }
    }

    #[test]
    fn frames_of_any_windows_are_read_one_after_the_other_in_any_pieces() {
        let skippable = [0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let packed = [
            &skippable[..],
            &frame(b"love ", 12, false),
            &frame(b"and ", 11, false),
            &skippable,
            &frame(b"", 10, true),
            &frame(b"peace", 20, false),
            &frame(b"!", 20, true),
        ]
        .concat();
        for piece in [1, 2, 3, 5, 7, 17, 18, 19, 64, 4096] {
            let read = decoded(&packed, piece).unwrap();
            assert_eq!(read, (b"love and peace!".to_vec(), vec![1 << 12, 1 << 20]), "{piece}");
        }
        let ends = [0, skippable.len()];
        for cut in (1..30).filter(|cut| !ends.contains(cut)) {
            // A frame may end there: then the text ends early, as after a whole file.
            match decoded(&packed[..cut], 4) {
                Ok((text, _)) => assert!(b"love and ".starts_with(&text), "{cut}"),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{cut}"),
            }
        }
    }

    #[test]
    fn other_data_and_windows_that_are_too_large_are_refused_without_room() {
        let frames = frame(b"love", 12, false);
        for end in [&b"\n{\"text\":\"peace\"}\n"[..], &[0; 64]] {
            let error = decoded(&[&frames, end].concat(), 64).unwrap_err();
            assert!(error.to_string().contains("Unknown frame"), "{error}");
        }
        // A header alone, with a window of 256 MiB.
        let header = [0x28, 0xB5, 0x2F, 0xFD, 0, 18 << 3, 1, 0, 0];
        assert_eq!(window(&header), Some(0));
        let error = decoded(&header, 64).unwrap_err();
        assert!(error.to_string().contains("too much memory"), "{error}");
    }
}
