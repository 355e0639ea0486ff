//! A small HTTP/1.1 server for one object, which misbehaves on demand. It gives one answer per
//! connection.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The object that is served, and the faults.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) content: Vec<u8>,
    /// True if the server serves byte ranges.
    pub(crate) ranges: bool,
    /// Every n-th answer ends in the middle.
    pub(crate) cut_every: Option<usize>,
    /// Every n-th answer is 503.
    pub(crate) fail_every: Option<usize>,
    /// Number of answers after which the object has another version.
    pub(crate) change_after: Option<usize>,
    /// The entity tag, without its quotes and version.
    pub(crate) tag: Option<&'static str>,
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
            content,
            ranges: true,
            cut_every: None,
            fail_every: None,
            change_after: None,
            tag: Some("v"),
            shifted: 0,
            refuses_parts: false,
            stall_every: None,
            authorization: None,
        }
    }
}

pub(crate) struct Server {
    port: u16,
    requests: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn start(served: Served) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                let served = served.clone();
                thread::spawn(move || answer(connection.unwrap(), number, &served));
            }
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Returns a port without a listener.
pub(crate) fn unused_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn answer(mut connection: TcpStream, number: usize, served: &Served) -> Option<()> {
    let mut lines = BufReader::new(connection.try_clone().ok()?).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<(String, String)> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(k, v)| (k.to_lowercase(), v.to_owned())))
        .collect();
    let header =
        |name| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let is_every = |every: Option<usize>| every.is_some_and(|every| number.is_multiple_of(every));
    let refusal = if !path.starts_with("/posts") {
        Some("404 Not Found")
    } else if served
        .authorization
        .as_deref()
        .is_some_and(|wanted| header("authorization") != Some(wanted))
    {
        Some("401 Unauthorized")
    } else if is_every(served.fail_every) {
        Some("503 Service Unavailable")
    } else {
        None
    };
    if let Some(refusal) = refusal {
        return connection
            .write_all(
                format!("HTTP/1.1 {refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .as_bytes(),
            )
            .ok();
    }
    let size = served.content.len();
    let range = header("range").filter(|_| served.ranges).map(|range| {
        let (from, to) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        (from.parse::<usize>().unwrap(), to.parse::<usize>().unwrap() + 1)
    });
    let version = served.change_after.map_or(1, |after| 1 + usize::from(number > after));
    let tag = served.tag.map(|tag| format!("ETag: \"{tag}{version}\"\r\n"));
    let fields = format!("{}Connection: close\r\n", tag.unwrap_or_default());
    let range = range.map(|(from, to)| (from.saturating_sub(served.shifted), to));
    let (status, body) = match range {
        Some((from, _)) if from >= size || served.refuses_parts => {
            ("416 Range Not Satisfiable".to_owned(), &served.content[..0])
        }
        Some((from, to)) => {
            let to = to.min(size);
            let last = to - 1;
            (
                format!("206 Partial Content\r\nContent-Range: bytes {from}-{last}/{size}"),
                &served.content[from..to],
            )
        }
        None => ("200 OK".to_owned(), &served.content[..]),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n");
    connection.write_all(head.as_bytes()).ok()?;
    if is_every(served.stall_every) {
        connection.write_all(&body[..body.len() / 2]).ok()?;
        // Wait until the client gives up.
        std::io::Read::read(&mut connection, &mut [0]).ok()?;
        return None;
    }
    let sent = if is_every(served.cut_every) { body.len() / 2 } else { body.len() };
    connection.write_all(&body[..sent]).ok()
}
