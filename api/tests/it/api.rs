//! The program `trendjob-api` under test, and its clients.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// A process that ends with the test.
pub(crate) struct Api {
    pub(crate) child: Child,
    pub(crate) port: u16,
    pub(crate) probes: u16,
}

impl Api {
    pub(crate) fn start(args: &[&str]) -> Self {
        // Both are bound at the same time; otherwise the second port could equal the first.
        let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [port, probes] = free.map(|listener| listener.local_addr().unwrap().port());
        let child = Command::new(env!("CARGO_BIN_EXE_trendjob-api"))
            .env_remove("MONGODB_URI")
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .args(["--metrics-listen", &format!("127.0.0.1:{probes}")])
            .args(args)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { child, port, probes }
    }

    /// Starts it with its log discarded.
    pub(crate) fn start_quietly(args: &[&str]) -> Self {
        let mut api = Self::start(&[args, &["--log", "off"]].concat());
        drop(api.child.stderr.take());
        api
    }

    /// Waits until a probe answers with this status.
    pub(crate) fn wait_for(&self, path: &str, status: &str) {
        wait_until(|| get(self.probes, path).is_some_and(|answer| answer.starts_with(status)));
    }

    /// Sends SIGTERM, as Kubernetes does.
    pub(crate) fn terminate(&self) {
        let term = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(term.unwrap().success());
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits until a condition holds.
pub(crate) fn wait_until(holds: impl Fn() -> bool) {
    while !holds() {
        std::thread::yield_now();
    }
}

/// The answer of one request on a new connection, head and body; `None` if there is no server.
pub(crate) fn get(port: u16, path: &str) -> Option<String> {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// A client that keeps its connection as long as the server does, as clients of a Service do.
#[derive(Default)]
pub(crate) struct Client {
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    /// Requests a path. Fails with the cause unless the answer is complete and its status is 200.
    pub(crate) fn ask(&mut self, port: u16, path: &str) -> Result<(), String> {
        let answer = self.answer(port, path).map_err(|error| error.to_string());
        let (status, closes) = answer?;
        if closes {
            self.connection = None;
        }
        if status == "HTTP/1.1 200 OK" { Ok(()) } else { Err(status) }
    }

    fn answer(&mut self, port: u16, path: &str) -> std::io::Result<(String, bool)> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(BufReader::new(TcpStream::connect(("127.0.0.1", port))?)),
        };
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
        connection.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length, mut closes) = (String::new(), 0, false);
        loop {
            let mut line = String::new();
            if connection.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().map_err(std::io::Error::other)?;
            }
            closes |= line == "connection: close";
            if status.is_empty() {
                status = line.to_ascii_uppercase();
            }
        }
        connection.read_exact(&mut vec![0; length])?;
        Ok((status, closes))
    }
}
