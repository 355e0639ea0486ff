//! Being asked to stop: Ctrl-C, or SIGTERM where there is one. Owns what a second such request does:
//! it ends the process at once, because whoever asks twice doesn't want to wait.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// The exit code of a process that was interrupted, 128 + SIGINT.
const INTERRUPTED: i32 = 130;

static WATCHED: Mutex<Option<watch::Receiver<bool>>> = Mutex::new(None);

/// From here on the signals no longer end the process by themselves (where there is only Ctrl-C, from soon
/// after); [`requested`] tells of them, and begins this too. To be called within a runtime, before work that should be stopped in order.
pub fn listen() {
    drop(watched());
}

/// Returns when the process was asked to stop, also if that was before. May be awaited many times.
pub async fn requested() {
    // The watch ends with the runtime it was begun in; a later runtime begins another.
    while watched().wait_for(|asked| *asked).await.is_err() {}
}

/// The one watch of this process, begun if there is none.
fn watched() -> watch::Receiver<bool> {
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(asked) = &*watched
        && asked.has_changed().is_ok()
    {
        return asked.clone();
    }
    let (sender, asked) = watch::channel(false);
    tokio::spawn(watch_signals(Signals::new(), sender));
    *watched = Some(asked.clone());
    asked
}

async fn watch_signals(mut signals: Signals, asked: watch::Sender<bool>) {
    signals.next().await;
    tracing::info!("asked to stop: the next time ends at once");
    asked.send_replace(true);
    signals.next().await;
    at_once();
}

#[expect(
    clippy::exit,
    reason = "what is stored survives a kill, so there is nothing to unwind for"
)]
fn at_once() {
    std::process::exit(INTERRUPTED);
}

/// The signals that ask a process to stop. Registered once, so that none between two waits is lost.
struct Signals {
    #[cfg(unix)]
    streams: Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt());
        Self { streams: interrupt.and_then(|int| Ok((int, signal(SignalKind::terminate())?))).ok() }
    }

    async fn next(&mut self) {
        match &mut self.streams {
            Some((interrupt, terminate)) => tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            },
            // Without a handler the default one ends the process, so there is nothing to wait for.
            None => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self {}
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // As above.
            std::future::pending().await
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Lines, Write as _};
    use std::process::{Child, ChildStdout, Command, Stdio};

    use super::*;

    /// Run in a process of its own by the test below.
    #[tokio::test]
    #[ignore = "waits for signals"]
    async fn a_process_that_takes_its_time() {
        say("waiting");
        // Two at once and one afterwards: they are all told of the same request.
        let other = tokio::spawn(requested());
        requested().await;
        other.await.unwrap();
        requested().await;
        say("stopping");
        std::future::pending::<()>().await;
    }

    /// A line to standard output itself, past what the test harness may have begun there.
    fn say(line: &str) {
        std::io::stdout().write_all(format!("\n{line}\n").as_bytes()).unwrap();
    }

    struct Process(Child, Lines<BufReader<ChildStdout>>);

    impl Process {
        fn start() -> Self {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "shutdown::tests::a_process_that_takes_its_time"]);
            command.args(["--ignored", "--nocapture"]);
            let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            Self(child, lines)
        }

        fn says(&mut self, expected: &str) {
            assert!(self.1.any(|line| line.unwrap() == expected), "never said {expected}");
        }

        fn signal(&self, name: &str) {
            let pid = self.0.id().to_string();
            assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
        }
    }

    impl Drop for Process {
        fn drop(&mut self) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }

    #[test]
    fn the_first_signal_asks_and_the_second_ends_the_process_at_once() {
        for (first, second) in [("INT", "INT"), ("TERM", "TERM"), ("TERM", "INT")] {
            let mut process = Process::start();
            process.says("waiting");
            // It says so just before it listens; a signal in between is the default one's.
            while !listens(process.0.id()) {
                std::thread::yield_now();
            }
            process.signal(first);
            process.says("stopping");
            process.signal(second);
            assert_eq!(process.0.wait().unwrap().code(), Some(INTERRUPTED), "{first}, {second}");
        }
    }

    /// Whether a process handles SIGINT and SIGTERM itself, by its mask of caught signals.
    fn listens(pid: u32) -> bool {
        let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else {
            // Not Linux: long enough on any machine.
            Command::new("sleep").arg("1").status().unwrap();
            return true;
        };
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
        let bit = |signal: u32| caught >> (signal - 1) & 1 == 1;
        bit(2) && bit(15)
    }
}
