//! Load on an HTTP server: clients that send requests and count failures. No request is retried.
//! Doesn't know what the server is.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The longest time that an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The load on a server.
#[derive(Debug, Clone)]
pub struct LoadPlan {
    /// The server.
    pub address: SocketAddr,
    /// The path and query of every request.
    pub path: String,
    /// Number of clients.
    pub clients: u32,
    /// The time between two requests of a client; at zero it sends the next as soon as it has an
    /// answer.
    pub pace: Duration,
    /// Number of requests, from 1, after which the client closes a connection. A server may close
    /// an idle connection while a request is on its way (RFC 9112, section 9.5), so a client that
    /// doesn't retry must not keep one for long.
    pub on_one_connection: u32,
}

/// The result of a load.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The times of all answers with status 200, in microseconds, ascending.
    pub answered: Vec<u32>,
    /// The error or status of every other request.
    pub failures: Vec<String>,
}

impl Outcome {
    /// Returns the time within which `percent` of the answers came, in microseconds; 0 without
    /// answers.
    pub fn percentile(&self, percent: usize) -> u32 {
        let last = self.answered.len().saturating_sub(1);
        self.answered.get(last * percent / 100).copied().unwrap_or_default()
    }
}

/// Clients at work.
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    clients: Vec<JoinHandle<Outcome>>,
}

impl Load {
    /// Starts the clients.
    pub fn start(plan: &LoadPlan) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let start = |_| {
            let client = Client {
                plan: plan.clone(),
                stop: Arc::clone(&stop),
                answered: Arc::clone(&answered),
                outcome: Outcome::default(),
            };
            thread::spawn(move || client.work())
        };
        let clients = (0..plan.clients).map(start).collect();
        Self { stop, answered, clients }
    }

    /// Returns the number of answers with status 200 so far.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Stops the clients, each after the answer it waits for.
    pub fn stop(self) -> Outcome {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Outcome::default();
        for client in self.clients {
            match client.join() {
                Ok(mut one) => {
                    all.answered.append(&mut one.answered);
                    all.failures.append(&mut one.failures);
                }
                Err(_) => all.failures.push("a client panicked".to_owned()),
            }
        }
        all.answered.sort_unstable();
        all
    }
}

struct Client {
    plan: LoadPlan,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    outcome: Outcome,
}

impl Client {
    fn work(mut self) -> Outcome {
        while !self.is_over() {
            if let Err(failure) = self.connection() {
                self.outcome.failures.push(failure);
                self.rest();
            }
        }
        self.outcome
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn rest(&self) {
        if !self.plan.pace.is_zero() {
            thread::park_timeout(self.plan.pace);
        }
    }

    /// Sends the requests of one connection.
    #[expect(clippy::disallowed_methods, reason = "a real server is measured in real time")]
    fn connection(&mut self) -> Result<(), String> {
        let failed = |what: &'static str| move |error: io::Error| format!("{what}: {error}");
        let address = self.plan.address;
        let mut requests = connect(address).map_err(failed("connecting"))?;
        let answers = requests.try_clone().map_err(failed("connecting"))?;
        let mut answers = BufReader::new(answers);
        for number in 1..=self.plan.on_one_connection {
            let is_last = number == self.plan.on_one_connection || self.is_over();
            let request = format!(
                "GET {} HTTP/1.1\r\nHost: {address}\r\nConnection: {}\r\n\r\n",
                self.plan.path,
                if is_last { "close" } else { "keep-alive" }
            );
            let began = Instant::now();
            requests.write_all(request.as_bytes()).map_err(failed("sending the request"))?;
            let (status, closes) =
                answer(&mut answers).map_err(failed("waiting for the answer"))?;
            if status != 200 {
                return Err(format!("answered {status}"));
            }
            let took = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
            self.outcome.answered.push(took);
            self.answered.fetch_add(1, Ordering::Relaxed);
            if is_last || closes {
                break;
            }
            self.rest();
        }
        Ok(())
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads one answer. Returns its status, and true if the server closes the connection.
fn answer(from: &mut BufReader<TcpStream>) -> io::Result<(u16, bool)> {
    let broken = |what: &str| io::Error::other(what.to_owned());
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Err(broken("the connection was closed"));
    }
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| broken("no status"))?;
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

    const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

    /// Returns the result of three requests, the second of which is answered with `second`.
    fn outcome(second: &'static str) -> Outcome {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let load = Load::start(&LoadPlan {
            address,
            path: "/".to_owned(),
            clients: 1,
            pace: Duration::from_millis(1),
            on_one_connection: 2,
        });
        for answer in [GOOD, second, GOOD] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 1024];
            assert!(stream.read(&mut head).unwrap() > 0);
            stream.write_all(answer.as_bytes()).unwrap();
        }
        // A client that waits for an answer gets an error.
        drop(listener);
        load.stop()
    }

    #[test]
    fn a_refusal_a_cut_answer_and_a_closed_connection_are_failures() {
        for (second, expected) in [
            ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "answered 503"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "waiting for the answer"),
            ("", "waiting for the answer"),
        ] {
            let outcome = outcome(second);
            assert!(!outcome.answered.is_empty());
            assert!(outcome.failures[0].contains(expected), "{second:?}: {outcome:?}");
        }
        let outcome = outcome(GOOD);
        // Requests after the listener was closed fail; the two before it don't.
        assert!(outcome.answered.len() >= 2, "{outcome:?}");
    }

    #[test]
    fn a_percentile_is_one_of_the_answers() {
        let outcome = Outcome { answered: (1..=101).collect(), failures: Vec::new() };
        assert_eq!([0, 50, 99, 100].map(|percent| outcome.percentile(percent)), [1, 51, 100, 101]);
        assert_eq!(Outcome::default().percentile(50), 0);
    }
}
