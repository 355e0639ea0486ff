//! Listening and serving until asked to stop. Owns what a taken port is called and how long anybody is
//! waited for.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

use crate::deadline::Deadlines;
use crate::metrics;

/// How long a connection may go without anything being sent on it: idle, or asking too slowly. More
/// than a request is given, so that it never cuts off one that is being answered.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long requests that are under way may take after a stop was asked for.
const DRAIN: Duration = Duration::from_secs(10);

/// An address that can't be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else does.
    #[error("port {} is already in use ({address}): stop the other process or choose another port with {flag} {}:PORT", address.port(), host(*address))]
    InUse {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
    },
    /// Anything else.
    #[error("listening on {address} ({flag})")]
    Failed {
        /// The address.
        address: SocketAddr,
        /// The flag that sets it.
        flag: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Listens on an address; port 0 takes a free one. `flag` is what the user sets it with.
pub async fn bind(address: SocketAddr, flag: &'static str) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse { address, flag },
        _ => BindError::Failed { address, flag, source },
    })
}

/// An address without its port, as it is written before one.
fn host(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

/// Serves until `stop` is over, then finishes what is under way, within ten seconds.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let listener = Deadlines::new(listener, PATIENCE);
    let graceful = axum::serve(listener, app).with_graceful_shutdown(async move {
        stop.await;
        drop(stopping);
    });
    tokio::select! {
        served = async { graceful.await } => served,
        () = async {
            // Both ends of the channel going away mean the same.
            drop(stopped.await);
            tokio::time::sleep(DRAIN).await;
        } => {
            tracing::warn!(waited = ?DRAIN, "stopped with requests under way");
            Ok(())
        }
        // Serving is what measures.
        never = metrics::upkeep() => match never {},
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;
    use tokio::time::Instant;

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
        // Documentation addresses (RFC 5737) are nobody's.
        let error = bind("192.0.2.1:0".parse().unwrap(), "--listen").await.unwrap_err();
        assert_eq!(error.to_string(), "listening on 192.0.2.1:0 (--listen)");
        assert!(std::error::Error::source(&error).is_some());
    }

    /// A server whose answer takes a quarter of a second, and what stops it.
    async fn slow() -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = free().await;
        let address = listener.local_addr().unwrap();
        let answer = async || {
            tokio::time::sleep(Duration::from_millis(250)).await;
            "done"
        };
        let (stop, stopped) = oneshot::channel();
        let app = Router::new().route("/", get(answer));
        let served = tokio::spawn(async move {
            serve(listener, app, async { drop(stopped.await) }).await.unwrap();
        });
        (address, stop, served)
    }

    #[tokio::test]
    async fn what_is_under_way_is_finished_after_a_stop() {
        let (address, stop, served) = slow().await;
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(stop);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
        served.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "the port is free again");
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_finishes_asking_is_cut_off_and_who_waits_for_an_answer_is_not() {
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
    async fn connections_on_which_nothing_happens_do_not_delay_a_stop() {
        let (address, stop, served) = slow().await;
        // As browsers do it, in case there is something to ask for.
        let _silent = TcpStream::connect(address).await.unwrap();
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut byte = [0; 1];
        idle.read_exact(&mut byte).await.unwrap();
        let began = Instant::now();
        drop(stop);
        served.await.unwrap();
        assert!(began.elapsed() < DRAIN / 2, "took {:?}", began.elapsed());
    }
}
