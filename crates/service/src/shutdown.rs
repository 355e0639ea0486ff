//! Being asked to stop: Ctrl-C, or SIGTERM where there is one.

/// Returns when the process is asked to stop. May be awaited many times.
pub async fn requested() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                () = interrupted() => {}
            }
            return;
        }
    }
    interrupted().await;
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the default one ends the process, so there is nothing to wait for.
        std::future::pending::<()>().await;
    }
}
