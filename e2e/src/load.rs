//! Load on an HTTP server: clients that ask again and again, and count what is not answered well. As strict as can
//! be: nothing is tried again. Owns the clients; knows nothing of what the server is.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// How it is asked.
#[derive(Debug, Clone)]
pub struct Asking {
    /// The server.
    pub address: SocketAddr,
    /// What is asked for, from the first slash on.
    pub path: String,
    /// How many clients ask at once.
    pub clients: u32,
    /// How long a client waits between two requests; none asks as fast as it is answered.
    pub pace: Duration,
    /// Requests on one connection, from 1, before the client itself closes it: a server that closes one on which a request
    /// is on its way is not at fault (RFC 9112, section 9.5), so whoever doesn't try again must not hold idle ones.
    pub on_one_connection: u32,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How long each answer took that was a 200, in microseconds, ascending.
    pub answered: Vec<u32>,
    /// What came of each other request.
    pub failures: Vec<String>,
}

impl Outcome {
    /// How long an answer took at most in so many percent of the cases, in microseconds; 0 without any.
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
    pub fn start(asking: &Asking) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let start = |_| {
            let client = Client {
                asking: asking.clone(),
                stop: Arc::clone(&stop),
                answered: Arc::clone(&answered),
                outcome: Outcome::default(),
            };
            thread::spawn(move || client.work())
        };
        let clients = (0..asking.clients).map(start).collect();
        Self { stop, answered, clients }
    }

    /// How many requests were answered well so far.
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
    asking: Asking,
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
        if !self.asking.pace.is_zero() {
            thread::park_timeout(self.asking.pace);
        }
    }

    /// The requests of one connection.
    #[expect(clippy::disallowed_methods, reason = "real servers are measured in real time")]
    fn connection(&mut self) -> Result<(), String> {
        let failed = |what: &'static str| move |error: io::Error| format!("{what}: {error}");
        let address = self.asking.address;
        let mut requests = connect(address).map_err(failed("connecting"))?;
        let answers = requests.try_clone().map_err(failed("connecting"))?;
        let mut answers = BufReader::new(answers);
        for number in 1..=self.asking.on_one_connection {
            let is_last = number == self.asking.on_one_connection || self.is_over();
            let request = format!(
                "GET {} HTTP/1.1\r\nHost: {address}\r\nConnection: {}\r\n\r\n",
                self.asking.path,
                if is_last { "close" } else { "keep-alive" }
            );
            let began = Instant::now();
            requests.write_all(request.as_bytes()).map_err(failed("asking"))?;
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

/// Reads one answer, and says its status and whether the connection ends with it.
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

    const WELL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

    /// What comes of three requests to a server that answers one well, one so, and one well.
    fn outcome(second: &'static str) -> Outcome {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let load = Load::start(&Asking {
            address,
            path: "/".to_owned(),
            clients: 1,
            pace: Duration::from_millis(1),
            on_one_connection: 2,
        });
        for answer in [WELL, second, WELL] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 1024];
            assert!(stream.read(&mut head).unwrap() > 0);
            stream.write_all(answer.as_bytes()).unwrap();
        }
        // Nobody answers any more; who waits is told so.
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
        let outcome = outcome(WELL);
        // The request during which the server went away is none of its answers.
        assert!(outcome.answered.len() >= 2, "{outcome:?}");
    }

    #[test]
    fn a_percentile_is_one_of_the_answers() {
        let outcome = Outcome { answered: (1..=101).collect(), failures: Vec::new() };
        assert_eq!([0, 50, 99, 100].map(|percent| outcome.percentile(percent)), [1, 51, 100, 101]);
        assert_eq!(Outcome::default().percentile(50), 0);
    }
}
