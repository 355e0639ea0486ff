//! Requests to stop: Ctrl-C, and SIGTERM on Unix. The process handles the first; the second ends
//! the process at once, because a user repeats a request only to avoid the wait.

use parking_lot::Mutex;
use tokio::sync::watch;

/// The exit code of a process that was interrupted, 128 + SIGINT.
const INTERRUPTED: i32 = 130;

static REQUESTED: Mutex<Option<watch::Receiver<bool>>> = Mutex::new(None);

/// Takes the signals over: from now on the first doesn't end the process, but ends [`requested`].
/// (Outside Unix, the handler is registered soon after the call.) Must be called in a runtime,
/// before work that should stop in order; [`requested`] does the same.
pub fn listen() {
    drop(receiver());
}

/// Waits for a request to stop; returns at once if there was one.
pub async fn requested() {
    // The channel closes with the runtime that opened it; a later runtime opens another.
    while receiver().wait_for(|requested| *requested).await.is_err() {}
}

/// Returns a receiver of the process's only channel, which it opens if there is none.
fn receiver() -> watch::Receiver<bool> {
    let mut shared = REQUESTED.lock();
    if let Some(receiver) = &*shared
        && receiver.has_changed().is_ok()
    {
        return receiver.clone();
    }
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(watch_signals(Signals::new(), sender));
    *shared = Some(receiver.clone());
    receiver
}

async fn watch_signals(mut signals: Signals, requested: watch::Sender<bool>) {
    signals.next().await;
    tracing::info!("asked to stop; the next signal ends the process at once");
    requested.send_replace(true);
    signals.next().await;
    #[expect(clippy::exit, reason = "the store survives a kill, so nothing has to be unwound")]
    std::process::exit(INTERRUPTED);
}

/// The signals that ask a process to stop. They are registered once, so that none is lost between
/// two waits.
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
            // No handler could be registered: the default one ends the process.
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
            // No handler could be registered: Ctrl-C ends the process.
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

    /// The body of the child process below.
    #[tokio::test]
    #[ignore = "waits for signals: another test starts it as a process"]
    async fn a_process_that_takes_its_time() {
        print("waiting");
        // Two waits at once and one afterwards end with the one request.
        let other = tokio::spawn(requested());
        requested().await;
        other.await.unwrap();
        requested().await;
        print("stopping");
        std::future::pending::<()>().await;
    }

    /// Writes a line to standard output, after a line feed because the test harness may have begun
    /// a line.
    fn print(line: &str) {
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

        fn prints(&mut self, expected: &str) {
            assert!(self.1.any(|line| line.unwrap() == expected), "{expected} is not printed");
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
            process.prints("waiting");
            // It prints just before it listens; a signal in between would end it.
            while !listens(process.0.id()) {
                std::thread::yield_now();
            }
            process.signal(first);
            process.prints("stopping");
            process.signal(second);
            assert_eq!(process.0.wait().unwrap().code(), Some(INTERRUPTED), "{first}, {second}");
        }
    }

    /// Returns true if a process handles SIGINT and SIGTERM, by its mask of caught signals.
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
