//! A file and a server give the same bytes, cut everywhere: every line must be read once, and no
//! request may exceed what the lines need. The expected lines come from splitting
//! the bytes at their newlines.
//!
//! `TRENDJOB_TEST_CASES` is the number of cases (a content and a size of its chunks), and
//! `TRENDJOB_TEST_SEED` repeats them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::*;
use crate::input::{
    FileVersion, FoundFile, Identity, InputFile, LineBuffer, LineRange, Lines, inspect, read_lines,
    stream_lines,
};
use crate::parallel::lock;
use crate::testing::BlockLog;

/// The longest line that is allowed, in bytes.
const MAX_LINE: usize = 100_000;

/// Numbers that follow from a seed (Steele, Lea and Flood's `SplitMix`).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// A content: lines of many lengths, blank ones, with carriage returns, with a byte order mark, and
/// with a last line that is cut.
fn content(dice: &mut Dice, is_large: bool) -> Vec<u8> {
    let mut content = Vec::new();
    if dice.one_in(4) {
        content.extend(b"\xEF\xBB\xBF");
    }
    for _ in 0..dice.below(8) {
        let length = match dice.below(8) {
            0 | 1 => 0,
            2 if is_large => dice.below(400_000),
            3 if is_large => MAX_LINE as u64 - 2 + dice.below(8),
            4 if is_large => dice.below(90_000),
            _ => dice.below(14),
        };
        let letter = b'a' + dice.below(26) as u8;
        content.extend((0..length).map(|_| letter));
        content.extend(if dice.one_in(4) { &b"\r\n"[..] } else { b"\n" });
    }
    if dice.one_in(2) {
        content.extend(b"cut");
    }
    content
}

/// A line that was handed over: its offset and its bytes with the newline, `None` if it is too long.
type Found = (u64, Option<Vec<u8>>);

/// The lines of a content.
fn expected(content: &[u8]) -> Vec<(u64, &[u8])> {
    let mut at = 0;
    let lines = content.split_inclusive(|byte| *byte == b'\n').map(|line| {
        at += line.len() as u64;
        (at - line.len() as u64, line)
    });
    lines.collect()
}

/// Adds the lines of a block.
fn add(found: &mut Vec<Found>, offset: u64, block: &[u8]) {
    found.extend(expected(block).into_iter().map(|(at, line)| (offset + at, Some(line.to_vec()))));
}

#[derive(Default)]
struct FileLog(Vec<Found>);

impl Lines for FileLog {
    fn lines(&mut self, offset: u64, block: &[u8]) -> Result<(), Error> {
        add(&mut self.0, offset, block);
        Ok(())
    }

    fn too_long(&mut self, offset: u64, _: &[u8]) -> Result<(), Error> {
        self.0.push((offset, None));
        Ok(())
    }
}

/// A server of one content, which counts what it is asked for.
struct Server {
    url: String,
    content: Arc<Mutex<Vec<u8>>>,
    requests: Arc<Mutex<Vec<(u64, u64)>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        let (content, requests) = (Arc::<Mutex<Vec<u8>>>::default(), Arc::default());
        let (served, counted) = (Arc::clone(&content), Arc::clone(&requests));
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (served, counted) = (Arc::clone(&served), Arc::clone(&counted));
                std::thread::spawn(
                    move || while answer(&connection, &served, &counted).is_some() {},
                );
            }
        });
        Self { url, content, requests }
    }

    fn object(&self, size: u64) -> Object {
        let (url, version) = (self.url.clone(), Some("\"v\"".to_owned()));
        let location = ObjectLocation::Http { url: url.clone(), version, ranges: true };
        Object { name: url, size, compression: Compression::None, location }
    }
}

/// Answers a request for a part. `None` if the connection is closed.
fn answer(
    mut connection: &TcpStream,
    content: &Mutex<Vec<u8>>,
    requests: &Mutex<Vec<(u64, u64)>>,
) -> Option<()> {
    let mut range = None;
    for line in BufReader::new(connection).lines() {
        let line = line.ok()?.to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(bytes) = line.strip_prefix("range: bytes=") {
            let (from, last) = bytes.split_once('-')?;
            range = Some((from.parse().ok()?, last.parse::<u64>().ok()? + 1));
        }
    }
    let (from, to): (u64, u64) = range?;
    lock(requests).push((from, to));
    let answer = {
        let content = lock(content);
        let (size, last) = (content.len(), to - 1);
        let head = format!(
            "HTTP/1.1 206 Partial Content\r\nETag: \"v\"\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{last}/{size}\r\n\r\n",
            to - from
        );
        [head.as_bytes(), &content[from as usize..to as usize]].concat()
    };
    connection.write_all(&answer).ok()
}

/// The lines of a range of the file.
fn of_file(file: &InputFile<'_>, range: LineRange) -> Vec<Found> {
    let mut log = FileLog::default();
    read_lines(file, range.start..range.end, MAX_LINE, &mut LineBuffer::default(), &mut log)
        .unwrap();
    log.0
}

/// The lines of a range of the object on the server.
fn of_server(object: &Object, range: LineRange) -> Vec<Found> {
    let log = BlockLog::default();
    let (remote, cancel) = (Remote::default(), Cancel::default());
    let reader = HttpReader::new(&remote, &cancel, object, range.from(), range.end).unwrap();
    stream_lines(object, reader, range, MAX_LINE, &log).unwrap();
    let mut found = Vec::new();
    for (offset, block, is_too_long) in log.into_blocks() {
        if is_too_long {
            found.push((offset, None));
        } else {
            add(&mut found, offset, &block);
        }
    }
    found
}

/// Checks the lines of all ranges together.
fn check_lines(found: &[Found], content: &[u8], what: &str) {
    let expected = expected(content);
    let offsets: Vec<u64> = found.iter().map(|(at, _)| *at).collect();
    let all: Vec<u64> = expected.iter().map(|(at, _)| *at).collect();
    assert_eq!(offsets, all, "{what}: every line once");
    for ((at, found), (_, line)) in found.iter().zip(expected) {
        match found {
            Some(found) => assert_eq!(found, line, "{what}: the line at {at}"),
            None => assert!(line.len() > MAX_LINE, "{what}: the line at {at} is short"),
        }
    }
}

/// Checks what a server was asked for by the reader of one range: nothing before it, nothing twice,
/// and past its end no more than its last line needs.
fn check_requests(requests: &[(u64, u64)], content: &[u8], range: LineRange, what: &str) {
    let LineRange { start, end } = range;
    let mut at = range.from();
    for (from, to) in requests {
        assert_eq!(*from, at, "{what}: {range:?} asked for {requests:?}");
        at = *to;
    }
    let last = expected(content).into_iter().rfind(|(at, _)| (start..end).contains(at));
    let line_end = last.map_or(0, |(at, line)| at + line.len().min(MAX_LINE + 4) as u64);
    // The requests double, so the last is as long as the line's rest, or as the first.
    let most = match line_end.checked_sub(end) {
        Some(rest @ 1..) => end + 2 * rest + TAIL,
        _ => end,
    };
    assert!(at <= most.min(content.len() as u64), "{what}: {range:?} asked for {requests:?}");
    let rest = at.saturating_sub(end);
    let most = 1 + if rest > 0 { 1 + rest.div_ceil(TAIL).ilog2() } else { 0 };
    assert!(requests.len() <= most as usize, "{what}: {range:?} asked for {requests:?}");
}

fn number(name: &str) -> Option<u64> {
    let value = std::env::var_os(name)?.into_string().ok()?;
    Some(value.parse().unwrap())
}

fn object_of_file(path: &Path) -> Object {
    let found = FoundFile { path: path.to_owned(), name: None };
    let object = inspect(&found, Some(Compression::None), Identity::Modified).unwrap();
    assert!(matches!(
        object.location,
        ObjectLocation::File { version: FileVersion::Modified(_), .. }
    ));
    object
}

#[expect(clippy::print_stderr, reason = "the seed repeats a failure")]
#[test]
fn a_server_gives_the_lines_of_the_file_whatever_the_chunks() {
    let seed = number("TRENDJOB_TEST_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let cases = number("TRENDJOB_TEST_CASES").unwrap_or(1_000);
    eprintln!("seed {seed}, {cases} cases");
    let mut dice = Dice(seed);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.ndjson");
    let server = Server::start();
    let mut done = 0;
    while done < cases {
        let is_large = dice.one_in(10);
        let content = content(&mut dice, is_large);
        let size = content.len() as u64;
        std::fs::write(&path, &content).unwrap();
        lock(&server.content).clone_from(&content);
        let (local, object) = (object_of_file(&path), server.object(size));
        let file = InputFile::open(&local, &path).unwrap();
        // Every size of chunks of a short content, some of a long one.
        let sizes: Vec<u64> = if size < 100 {
            (1..=size).collect()
        } else {
            (0..4).map(|_| 1 + size / 40 + dice.below(size)).collect()
        };
        for chunk in sizes {
            let what = format!("seed {seed}, case {done}, {size} bytes in chunks of {chunk}");
            let (mut files, mut servers) = (Vec::new(), Vec::new());
            for start in (0..size).step_by(chunk as usize) {
                let range = LineRange { start, end: (start + chunk).min(size) };
                files.extend(of_file(&file, range));
                servers.extend(of_server(&object, range));
                let requests = std::mem::take(&mut *lock(&server.requests));
                check_requests(&requests, &content, range, &what);
            }
            check_lines(&files, &content, &format!("file, {what}"));
            check_lines(&servers, &content, &format!("server, {what}"));
            done += 1;
        }
    }
}
