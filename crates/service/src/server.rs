//! Listening, and serving until a request to stop. Owns the message about a port that is in use and
//! the limits of connections.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request};
use axum::serve::Listener as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::deadline::Deadlines;
use crate::metrics;

/// The time after which a connection is cut off if it is idle, its request comes too slowly, or the
/// client doesn't read the answer. Longer than a request may take, so that slow answers arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most bytes of a request line and its headers; more is answered with 431.
const HEAD: usize = 32 << 10;

/// The most connections at once: their heads fit into 128 MiB. In practice they take a tenth of it.
const CONNECTIONS: usize = 4096;

/// The time that the newest connection has for its request before idle connections are closed.
const SETTLE: Duration = Duration::from_millis(100);

/// An address that can't be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process listens on it.
    #[error("port {} is already in use ({address}): stop the other process or choose another port with {flag} {}:PORT", address.port(), host(*address))]
    InUse {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
    },
    /// Any other failure.
    #[error("listening on {address} ({flag})")]
    Failed {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// Listens on an address; port 0 takes a free one. `flag` is the option that sets the address.
pub async fn bind(address: SocketAddr, flag: &'static str) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse { address, flag },
        _ => BindError::Failed { address, flag, source },
    })
}

/// Returns an address as it is written before `:PORT`.
fn host(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

/// The way a server ends after a request to stop.
#[derive(Debug, Clone, Copy)]
pub struct Drain {
    /// The time that the server goes on answering, with `Connection: close` in every response: as
    /// long as load balancers may take to stop sending clients here.
    pub delay: Duration,
    /// The time that requests under way have afterwards.
    pub finish: Duration,
}

impl Drain {
    /// No delay, for ports that no load balancer sends clients to; ten seconds for requests.
    pub const AT_ONCE: Self = Self { delay: Duration::ZERO, finish: Duration::from_secs(10) };
}

/// Serves until `stop` ends, then finishes the requests under way, within ten seconds.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    serve_and_drain(listener, app, stop, Drain::AT_ONCE).await;
}

/// Serves until `stop` ends, then shuts down within the times of `drain`.
pub async fn serve_and_drain(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
    drain: Drain,
) {
    tokio::select! {
        () = serve_to_the_end(listener, app, stop, drain) => {}
        // Only a server records so many measurements that the metrics need upkeep.
        never = metrics::upkeep() => match never {},
    }
}

async fn serve_to_the_end(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
    drain: Drain,
) {
    let mut connections = Connections::new(listener, app);
    tokio::select! {
        never = connections.take_for_ever() => match never {},
        () = stop => {}
    }
    connections.leaving.store(true, Ordering::Relaxed);
    if !drain.delay.is_zero() {
        let Err(_over) = tokio::time::timeout(drain.delay, connections.take_for_ever()).await;
        tracing::info!(after = ?drain.delay, "taking no more connections");
    }
    let open = connections.close();
    if !drain.delay.is_zero() {
        tokio::time::sleep(SETTLE).await;
    }
    if tokio::time::timeout(drain.finish, open.shutdown()).await.is_err() {
        tracing::warn!(waited = ?drain.finish, "stopped with requests under way");
    }
}

/// The connections of a server, each served by a task of its own.
///
/// `axum::serve` has no bounds: it takes heads of 400 KB and any number of connections, and doesn't
/// send `Connection: close` before it ends.
struct Connections {
    listener: Deadlines,
    http: http1::Builder,
    app: Router,
    permits: Arc<Semaphore>,
    open: GracefulShutdown,
    leaving: Arc<AtomicBool>,
}

impl Connections {
    fn new(listener: TcpListener, app: Router) -> Self {
        let mut http = http1::Builder::new();
        http.max_buf_size(HEAD).max_header_size(HEAD);
        Self {
            listener: Deadlines::new(listener, PATIENCE),
            http,
            app,
            permits: Arc::new(Semaphore::new(CONNECTIONS)),
            open: GracefulShutdown::new(),
            leaving: Arc::default(),
        }
    }

    /// Accepts connections, up to [`CONNECTIONS`] at once; the others wait in the system's queue.
    async fn take_for_ever(&mut self) -> Infallible {
        loop {
            // Fails only if the semaphore is closed, which it never is.
            let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
            let (connection, _) = self.listener.accept().await;
            let app = TowerToHyperService::new(self.app.clone());
            let leaving = Arc::clone(&self.leaving);
            let service = service_fn(move |request: Request<Incoming>| {
                let (answer, leaving) = (app.call(request), Arc::clone(&leaving));
                async move {
                    let mut answer = answer.await?;
                    if leaving.load(Ordering::Relaxed) {
                        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                    }
                    Ok::<_, Infallible>(answer)
                }
            });
            let served = self.http.serve_connection(TokioIo::new(connection), service);
            let served = self.open.watch(served);
            tokio::spawn(async move {
                if let Err(error) = served.await {
                    tracing::trace!(%error, "a connection ended");
                }
                drop(permit);
            });
        }
    }

    /// Closes the port and returns the connections that are open.
    fn close(self) -> GracefulShutdown {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{MethodRouter, get};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::{Notify, oneshot};

    use super::*;

    async fn free() -> TcpListener {
        bind("127.0.0.1:0".parse().unwrap(), "--listen").await.unwrap()
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_flag_that_changes_it() {
        let first = free().await;
        let taken = first.local_addr().unwrap();
        let error = bind(taken, "--listen").await.unwrap_err().to_string();
        assert!(error.contains(&taken.to_string()), "{error}");
        assert!(error.contains("already in use"), "{error}");
        assert!(error.contains("--listen 127.0.0.1:PORT"), "{error}");
        let address = "[::1]:8383".parse().unwrap();
        let error = BindError::InUse { address, flag: "--listen" }.to_string();
        assert!(error.contains("([::1]:8383)") && error.contains("--listen [::1]:PORT"), "{error}");
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_named() {
        // An address for documentation (RFC 5737): no machine has it.
        let error = bind("192.0.2.1:0".parse().unwrap(), "--listen").await.unwrap_err();
        assert_eq!(error.to_string(), "listening on 192.0.2.1:0 (--listen)");
        assert!(std::error::Error::source(&error).is_some());
    }

    #[tokio::test]
    async fn a_request_under_way_is_finished_after_a_stop() {
        let begun = Arc::new(Notify::new());
        let release = Arc::new(Notify::new());
        let answer = {
            let (begun, release) = (Arc::clone(&begun), Arc::clone(&release));
            async move || {
                begun.notify_one();
                release.notified().await;
                "done"
            }
        };
        let (address, stop, served) = start(get(answer), Drain::AT_ONCE).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(HELLO.as_bytes()).await.unwrap();
        begun.notified().await;
        drop(stop);
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        release.notify_one();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
        served.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_is_cut_off_in_the_middle_of_its_request_but_not_while_it_waits() {
        let listener = free().await;
        let address = listener.local_addr().unwrap();
        let answer = async || {
            tokio::time::sleep(PATIENCE * 9 / 10).await;
            "done"
        };
        let app = Router::new().route("/", get(answer));
        tokio::spawn(serve(listener, app, std::future::pending()));
        for (request, answered) in [
            ("", false),
            ("GET / HTTP/1.1\r\nHost:", false),
            ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", true),
        ] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer.ends_with("done"), answered, "{request}: {answer}");
        }
    }

    #[tokio::test]
    async fn idle_connections_do_not_delay_a_stop() {
        let patient = Drain { finish: Duration::from_hours(1), ..Drain::AT_ONCE };
        let (address, stop, served) = quick(patient).await;
        // Browsers open connections ahead of their requests.
        let _silent = TcpStream::connect(address).await.unwrap();
        let mut idle = TcpStream::connect(address).await.unwrap();
        ask(&mut idle, HELLO).await;
        drop(stop);
        let minute = Duration::from_mins(1);
        tokio::time::timeout(minute, served).await.expect("no wait for them").unwrap();
    }

    type Started = (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>);

    /// Starts a server that answers at once.
    async fn quick(drain: Drain) -> Started {
        start(get(async || "done"), drain).await
    }

    /// Starts a server, which stops when the sender is dropped.
    async fn start(answer: MethodRouter, drain: Drain) -> Started {
        let listener = free().await;
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let app = Router::new().route("/", answer);
        let stopped = async { drop(stopped.await) };
        let served = tokio::spawn(serve_and_drain(listener, app, stopped, drain));
        (address, stop, served)
    }

    /// Sends a request and returns the response, up to its end or that of the connection.
    async fn ask(client: &mut TcpStream, head: &str) -> String {
        client.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"done") && client.read_buf(&mut answer).await.unwrap_or(0) > 0 {}
        String::from_utf8(answer).unwrap()
    }

    const HELLO: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    #[tokio::test]
    async fn a_server_that_leaves_goes_on_answering_and_closes_connections() {
        let never = Drain { delay: Duration::from_hours(1), ..Drain::AT_ONCE };
        let (address, stop, served) = quick(never).await;
        let mut old = TcpStream::connect(address).await.unwrap();
        let answer = ask(&mut old, HELLO).await;
        assert!(!answer.contains("connection: close"), "{answer}");
        drop(stop);
        loop {
            // New connections are taken, too.
            let mut new = TcpStream::connect(address).await.unwrap();
            let answer = ask(&mut new, HELLO).await;
            assert!(answer.ends_with("done"), "{answer}");
            if answer.contains("connection: close") {
                break;
            }
        }
        let answer = ask(&mut old, HELLO).await;
        assert!(answer.contains("connection: close") && answer.ends_with("done"), "{answer}");
        assert_eq!(old.read(&mut [0]).await.unwrap(), 0, "the connection is closed");
        served.abort();
    }

    #[tokio::test]
    async fn no_connection_is_taken_after_the_delay() {
        let short = Drain { delay: Duration::from_millis(50), ..Drain::AT_ONCE };
        let (address, stop, served) = quick(short).await;
        drop(stop);
        served.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_head_that_never_ends_is_cut_off() {
        let (address, _stop, _served) = quick(Drain::AT_ONCE).await;
        let mut client = TcpStream::connect(address).await.unwrap();
        let long = format!("GET / HTTP/1.1\r\nx: {}", "x".repeat(HEAD));
        let answer = ask(&mut client, &long).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}
