//! Listening and serving until asked to stop. Owns what a taken port is called.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

/// How long requests that are under way may take after a stop was asked for.
const DRAIN: Duration = Duration::from_secs(10);

/// An address that can't be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else does.
    #[error("port {} on {} is already in use: stop the other process or choose another port with {flag} {}:PORT", address.port(), address.ip(), address.ip())]
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

/// Serves until `stop` is over, then finishes what is under way, within ten seconds.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
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
        } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_flag_that_changes_it() {
        let first = bind("127.0.0.1:0".parse().unwrap(), "--listen").await.unwrap();
        let taken = first.local_addr().unwrap();
        let error = bind(taken, "--listen").await.unwrap_err().to_string();
        assert!(error.contains(&taken.port().to_string()), "{error}");
        assert!(error.contains("--listen 127.0.0.1:PORT"), "{error}");
    }

    #[tokio::test]
    async fn serving_ends_when_asked() {
        let listener = bind("127.0.0.1:0".parse().unwrap(), "--listen").await.unwrap();
        serve(listener, Router::new(), async {}).await.unwrap();
    }
}
