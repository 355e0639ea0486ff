//! Load on an HTTP server: clients that ask at a steady pace and count what is not answered well. As strict as can be:
//! nothing is tried again. Every tenth request begins a new connection, as those of new callers do.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Requests on one connection before the client itself closes it: a server that closes one on which a request is on
/// its way is not at fault (RFC 9112, section 9.5), so whoever doesn't try again must not hold idle ones.
const ON_ONE_CONNECTION: u64 = 10;

/// Clients at work.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    /// Starts clients that ask for a path, each so many times a second.
    pub(crate) fn start(address: SocketAddr, path: &str, clients: u64, per_second: u64) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let pace = Duration::from_secs(1) / u32::try_from(per_second).unwrap();
        let start = |_| {
            let (stop, answered, path) = (Arc::clone(&stop), Arc::clone(&answered), path.to_owned());
            thread::spawn(move || client(address, &path, pace, &stop, &answered))
        };
        let clients = (0..clients).map(start).collect();
        Self { stop, answered, clients }
    }

    /// How many requests were answered well so far.
    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Stops, and returns how many requests were answered well, and what came of the others.
    pub(crate) fn stop(self) -> (u64, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let failures = self.clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        (self.answered.load(Ordering::Relaxed), failures)
    }
}

#[expect(clippy::disallowed_methods, reason = "a pace, not a wait")]
fn client(address: SocketAddr, path: &str, pace: Duration, stop: &AtomicBool, answered: &AtomicU64) -> Vec<String> {
    let mut failures = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        match connection(address, path, pace, stop, answered) {
            Ok(()) => {}
            Err(failure) => {
                failures.push(failure);
                thread::sleep(pace);
            }
        }
    }
    failures
}

/// A few requests on one connection.
#[expect(clippy::disallowed_methods, reason = "a pace, not a wait")]
fn connection(
    address: SocketAddr,
    path: &str,
    pace: Duration,
    stop: &AtomicBool,
    answered: &AtomicU64,
) -> Result<(), String> {
    let failed = |what: &str, error: std::io::Error| format!("{what}: {error}");
    let stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(|error| failed("connecting", error))?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| failed("timeout", error))?;
    stream.set_nodelay(true).map_err(|error| failed("nodelay", error))?;
    let mut answers = BufReader::new(stream.try_clone().map_err(|error| failed("cloning", error))?);
    let mut requests = stream;
    for number in 1..=ON_ONE_CONNECTION {
        let last = number == ON_ONE_CONNECTION || stop.load(Ordering::Relaxed);
        let connection = if last { "close" } else { "keep-alive" };
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: {connection}\r\n\r\n");
        requests.write_all(request.as_bytes()).map_err(|error| failed("asking", error))?;
        let (status, closes) = answer(&mut answers).map_err(|error| failed("waiting for the answer", error))?;
        if status != 200 {
            return Err(format!("answered {status}"));
        }
        answered.fetch_add(1, Ordering::Relaxed);
        if last || closes {
            return Ok(());
        }
        thread::sleep(pace);
    }
    Ok(())
}

/// Reads one answer, and says its status and whether the connection ends with it.
fn answer(from: &mut BufReader<TcpStream>) -> std::io::Result<(u16, bool)> {
    let broken = |what: &str| std::io::Error::other(what.to_owned());
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Err(broken("the connection was closed"));
    }
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| broken("no status"))?;
    let (mut length, mut closes) = (None, false);
    loop {
        line.clear();
        if from.read_line(&mut line)? == 0 {
            return Err(broken("the head of the answer was cut"));
        }
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse::<usize>().ok();
        }
        closes |= header == "connection: close";
    }
    let mut body = vec![0; length.ok_or_else(|| broken("no content-length"))?];
    from.read_exact(&mut body)?;
    Ok((status, closes))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Serves one request a connection with these bytes; none at all closes it.
    fn server(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for answer in answers.iter().cycle() {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = [0; 1024];
                if stream.read(&mut head).is_ok() {
                    drop(stream.write_all(answer.as_bytes()));
                }
            }
        });
        address
    }

    fn outcome(answers: &'static [&'static str]) -> (u64, Vec<String>) {
        let load = Load::start(server(answers), "/", 1, 200);
        let wanted = answers.len() as u64;
        crate::tools::until("answers", || {
            let seen = load.answered();
            (seen >= wanted || answers.iter().any(|answer| !answer.contains(" 200 "))).then_some(())
        });
        // One round of all answers has been seen, or will be, before the stop is.
        crate::tools::until("a second round", || (load.answered() >= 3 || answers.len() == 1).then_some(()));
        load.stop()
    }

    #[test]
    fn a_refusal_a_cut_answer_and_a_closed_connection_are_failures() {
        const WELL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        let (answered, failures) = outcome(&[WELL]);
        assert!(answered >= 1 && failures.is_empty(), "{failures:?}");
        for (bad, expected) in [
            ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "answered 503"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "waiting for the answer"),
            ("", "waiting for the answer"),
        ] {
            let answers = Box::leak(Box::new([WELL, bad]));
            let (_, failures) = outcome(answers);
            assert!(failures.iter().any(|failure| failure.contains(expected)), "{bad:?}: {failures:?}");
        }
    }
}
