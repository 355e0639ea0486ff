//! A small HTTP/1.1 server for one object, which misbehaves on demand. It gives one answer per
//! connection, and counts its requests and the bytes that they ask for.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// The object that is served, and the faults.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) content: Arc<Vec<u8>>,
    /// True if the server serves byte ranges.
    pub(crate) ranges: bool,
    /// Every n-th answer ends in the middle.
    pub(crate) cut_every: Option<usize>,
    /// Every n-th answer is 503.
    pub(crate) fail_every: Option<usize>,
    /// Number of answers after which the object has another version.
    pub(crate) change_after: Option<usize>,
    /// Number of answers after which the object has this content.
    pub(crate) replace_after: Option<(usize, Arc<Vec<u8>>)>,
    /// The number of the only answer that has another version.
    pub(crate) odd_version: Option<usize>,
    /// The number of the only answer that is the whole object instead of a part.
    pub(crate) odd_whole: Option<usize>,
    /// The entity tag, without its quotes and version.
    pub(crate) tag: Option<&'static str>,
    /// Further header lines, each with its end.
    pub(crate) headers: &'static str,
    /// The most bytes of the body of an answer; the rest is missing.
    pub(crate) at_most: Option<usize>,
    /// The most bytes of a part; an answer with fewer than were requested says so.
    pub(crate) part_at_most: Option<usize>,
    /// The pause after each kibibyte of a body.
    pub(crate) pause: Option<Duration>,
    /// The size that the server tells instead of the real one.
    pub(crate) told_size: Option<u64>,
    /// Bytes by which parts begin too early, in the headers and in the body.
    pub(crate) shifted: usize,
    /// True if every request for a part is refused.
    pub(crate) refuses_parts: bool,
    /// Every n-th answer stops in the middle without an end.
    pub(crate) stall_every: Option<usize>,
    /// The authorization that requests must have.
    pub(crate) authorization: Option<String>,
}

impl Served {
    pub(crate) fn new(content: Vec<u8>) -> Self {
        Self {
            content: Arc::new(content),
            ranges: true,
            cut_every: None,
            fail_every: None,
            change_after: None,
            replace_after: None,
            odd_version: None,
            odd_whole: None,
            tag: Some("\"v"),
            headers: "",
            at_most: None,
            part_at_most: None,
            pause: None,
            told_size: None,
            shifted: 0,
            refuses_parts: false,
            stall_every: None,
            authorization: None,
        }
    }
}

pub(crate) struct Server {
    port: u16,
    seen: Arc<Seen>,
}

/// The requests that a server has answered.
#[derive(Default)]
struct Seen {
    requests: AtomicUsize,
    /// Bytes of the bodies of all answers.
    bytes: AtomicU64,
    paths: Mutex<Vec<String>>,
}

impl Server {
    pub(crate) fn start(served: Served) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::<Seen>::default();
        let count = Arc::clone(&seen);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let number = count.requests.fetch_add(1, Ordering::SeqCst) + 1;
                let (served, seen) = (served.clone(), Arc::clone(&count));
                thread::spawn(move || answer(connection.unwrap(), number, &served, &seen));
            }
        });
        Self { port, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.requests.load(Ordering::SeqCst)
    }

    /// The bytes of the bodies of all answers.
    pub(crate) fn bytes(&self) -> u64 {
        self.seen.bytes.load(Ordering::SeqCst)
    }

    /// The paths that were requested, with their queries.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.seen.paths.lock().unwrap().clone()
    }
}

/// Returns a port without a listener.
pub(crate) fn unused_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn answer(mut connection: TcpStream, number: usize, served: &Served, seen: &Seen) -> Option<()> {
    let mut lines = BufReader::new(connection.try_clone().ok()?).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    seen.paths.lock().unwrap().push(path.clone());
    let headers: Vec<(String, String)> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(k, v)| (k.to_lowercase(), v.to_owned())))
        .collect();
    let header =
        |name| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let is_every = |every: Option<usize>| every.is_some_and(|every| number.is_multiple_of(every));
    let redirects = [("/moved", "/posts"), ("/loop", "/loop")];
    if let Some((_, to)) = redirects.iter().find(|(from, _)| path.starts_with(from)) {
        let head = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\n";
        return connection.write_all(format!("{head}Location: {to}\r\n\r\n").as_bytes()).ok();
    }
    let wanted = served.authorization.as_deref();
    let refusal = if !path.starts_with("/posts") {
        Some("404 Not Found")
    } else if wanted.is_some_and(|wanted| header("authorization") != Some(wanted)) {
        Some("401 Unauthorized")
    } else if is_every(served.fail_every) {
        Some("503 Service Unavailable")
    } else {
        None
    };
    if let Some(refusal) = refusal {
        let head = "Content-Length: 0\r\nConnection: close\r\n\r\n";
        return connection.write_all(format!("HTTP/1.1 {refusal}\r\n{head}").as_bytes()).ok();
    }
    let content = match &served.replace_after {
        Some((after, other)) if number > *after => other,
        _ => &served.content,
    };
    let size = content.len();
    let is_whole = !served.ranges || served.odd_whole == Some(number);
    let range = header("range").filter(|_| !is_whole).map(|range| {
        let (from, to) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        (from.parse::<usize>().unwrap(), to.parse::<usize>().unwrap() + 1)
    });
    let is_changed = served.change_after.is_some_and(|after| number > after)
        || served.odd_version == Some(number);
    let version = 1 + usize::from(is_changed);
    let tag = served.tag.map(|tag| format!("ETag: {tag}{version}\"\r\n")).unwrap_or_default();
    let fields = format!("{tag}{}Connection: close\r\n", served.headers);
    let range = range.map(|(from, to)| (from.saturating_sub(served.shifted), to));
    let (status, body) = match range {
        Some((from, _)) if from >= size || served.refuses_parts => {
            ("416 Range Not Satisfiable".to_owned(), &content[..0])
        }
        Some((from, to)) => {
            let to = to.min(size).min(from + served.part_at_most.unwrap_or(size));
            let (last, told) = (to - 1, served.told_size.unwrap_or(size as u64));
            (
                format!("206 Partial Content\r\nContent-Range: bytes {from}-{last}/{told}"),
                &content[from..to],
            )
        }
        None => ("200 OK".to_owned(), &content[..]),
    };
    let length = body.len();
    seen.bytes.fetch_add(length as u64, Ordering::SeqCst);
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n");
    connection.write_all(head.as_bytes()).ok()?;
    send(connection, body, number, served)
}

/// Sends a body, as far and as fast as the server does.
#[expect(clippy::disallowed_methods, reason = "a thread of its own serves a connection")]
fn send(mut connection: TcpStream, body: &[u8], number: usize, served: &Served) -> Option<()> {
    let is_every = |every: Option<usize>| every.is_some_and(|every| number.is_multiple_of(every));
    if is_every(served.stall_every) {
        connection.write_all(&body[..body.len() / 2]).ok()?;
        // Wait until the client gives up.
        std::io::Read::read(&mut connection, &mut [0]).ok()?;
        return None;
    }
    let sent = if is_every(served.cut_every) { body.len() / 2 } else { body.len() };
    let sent = sent.min(served.at_most.unwrap_or(sent));
    let Some(pause) = served.pause else { return connection.write_all(&body[..sent]).ok() };
    for piece in body[..sent].chunks(1 << 10) {
        connection.write_all(piece).ok()?;
        thread::sleep(pause);
    }
    Some(())
}
