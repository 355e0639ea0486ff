//! Runs the built command in a folder of its own, with a time limit, and keeps its output. Waits on
//! conditions only; nothing here sleeps for a fixed time.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::oracle::Counts;
use crate::outcome::{Outcome, Published, Row};

/// A command that takes longer hangs, even on a slow machine.
const LIMIT: Duration = Duration::from_mins(3);

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_trendjob");

/// A folder for one test: its inputs, and a store.
pub(crate) struct Workspace {
    folder: TempDir,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::with_prefix("trendjob-it-").unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).into_os_string().into_string().unwrap()
    }

    pub(crate) fn store(&self) -> String {
        self.path("store")
    }

    /// Writes a file, and the folders above it, and returns its path.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The command in this folder, without the caller's environment variables.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.command_of(PROGRAM, args)
    }

    /// A command of another copy of the program, in this folder and without the caller's
    /// environment variables.
    pub(crate) fn command_of(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).args(args);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("TRENDJOB_") || name == "RUST_LOG" || name.ends_with("_COLOR") {
                command.env_remove(&*name);
            }
        }
        command
    }

    #[track_caller]
    pub(crate) fn trendjob(&self, args: &[&str]) -> Outcome {
        finish(Running::start(self.command(args)), b"")
    }

    /// Arguments of a `run` that publishes as `sample` into this folder's store.
    pub(crate) fn run_args(&self, args: &[&str]) -> Vec<String> {
        let store = self.store();
        let first = ["run", "--source", "sample", "--output", "json", "--store", &store];
        first.iter().chain(args).map(|&arg| arg.to_owned()).collect()
    }

    /// `run --source sample` with these options and inputs.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        self.run_with_input(args, b"")
    }

    #[track_caller]
    pub(crate) fn run_with_input(&self, args: &[&str], input: &[u8]) -> Outcome {
        finish(self.start_run(args), input)
    }

    pub(crate) fn start_run(&self, args: &[&str]) -> Running {
        let args = self.run_args(args);
        Running::start(self.command(&args.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    /// A run that must succeed.
    #[track_caller]
    pub(crate) fn publish(&self, args: &[&str]) -> Published {
        Published::of(&self.run(args))
    }

    /// All topics of `sample`, by rank.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<Row> {
        Row::all(&self.top().done())
    }

    #[track_caller]
    pub(crate) fn top(&self) -> Outcome {
        let store = self.store();
        self.trendjob(&["top", "sample", "--limit", "0", "--output", "csv", "--store", &store])
    }

    /// Asserts that every counter of the run, every topic and their order are the oracle's.
    #[track_caller]
    pub(crate) fn assert_counts(&self, published: &Published, expected: &Counts) {
        assert_eq!(published.read, expected.read, "records read");
        assert_eq!(published.counted, expected.counted, "records counted");
        assert_eq!(published.empty, expected.empty, "empty records");
        assert_eq!(published.malformed, expected.malformed, "malformed records");
        let rows: Vec<_> =
            self.rows().into_iter().map(|row| (row.term, row.count, row.documents)).collect();
        let ranking = expected.ranking();
        let differs = rows.iter().zip(&ranking).position(|(row, topic)| row != topic);
        if let Some(at) = differs {
            panic!("rank {} is {:?}, must be {:?}", at + 1, rows[at], ranking[at]);
        }
        assert_eq!(rows.len(), ranking.len(), "number of topics listed");
        assert_eq!(published.topics, ranking.len() as u64, "number of topics reported");
    }

    /// Every file of the store with its bytes.
    pub(crate) fn stored(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let paths = paths(Path::new(&self.store())).into_iter();
        paths.filter_map(|path| fs::read(&path).ok().map(|bytes| (path, bytes))).collect()
    }

    /// Number of files in the store.
    pub(crate) fn files(&self) -> usize {
        paths(Path::new(&self.store())).len()
    }
}

/// The files of a folder and of the folders in it, without those that vanish meanwhile.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(paths(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// The stream of a line of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

/// A started command; killed when dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    lines: Receiver<(Stream, String)>,
    received: Vec<(Stream, String)>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let follow = |stream, from: Box<dyn Read + Send>| {
            let sender = sender.clone();
            thread::spawn(move || {
                let mut from = BufReader::new(from);
                let mut line = Vec::new();
                while from.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                    let text = String::from_utf8_lossy(&line).into_owned();
                    if sender.send((stream, text)).is_err() {
                        break;
                    }
                    line.clear();
                }
            })
        };
        follow(Stream::Out, Box::new(child.stdout.take().unwrap()));
        follow(Stream::Err, Box::new(child.stderr.take().unwrap()));
        Self { child, lines, received: Vec::new() }
    }

    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// Waits for a line of output for which `wanted` returns a value.
    #[track_caller]
    pub(crate) fn line<T>(&mut self, wanted: impl Fn(&str) -> Option<T>) -> T {
        while let Ok((stream, line)) = self.lines.recv_timeout(LIMIT) {
            let found = wanted(&line);
            self.received.push((stream, line));
            if let Some(found) = found {
                return found;
            }
        }
        panic!("the awaited line never came: {:?}", self.received);
    }

    /// Waits for the end.
    #[track_caller]
    pub(crate) fn outcome(mut self) -> Outcome {
        drop(self.child.stdin.take());
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) => self.received.push(line),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    panic!("silent for {LIMIT:?} and not done: {:?}", self.received)
                }
            }
        }
        let status = self.wait();
        let text = |wanted| {
            self.received
                .iter()
                .filter(move |(from, _)| *from == wanted)
                .map(|(_, line)| line.as_str())
        };
        Outcome {
            code: status.code(),
            stdout: text(Stream::Out).collect(),
            stderr: text(Stream::Err).collect(),
        }
    }

    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        until("the command ends", || self.child.try_wait().unwrap())
    }

    /// Sends SIGKILL. Returns true if the command ended by it.
    pub(crate) fn kill(&mut self) -> bool {
        let finished = self.child.try_wait().unwrap().is_some();
        if !finished {
            self.child.kill().unwrap();
        }
        self.wait().code().is_none()
    }

    /// Sends a signal as a shell does, unless the command has ended.
    #[cfg(unix)]
    pub(crate) fn signal(&mut self, name: &str) {
        if self.child.try_wait().unwrap().is_none() {
            let script = format!("kill -{name} {}", self.child.id());
            assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Feeds standard input from a thread (the command may end without reading it) and waits.
#[track_caller]
fn finish(mut running: Running, input: &[u8]) -> Outcome {
    let mut stdin = running.stdin();
    let input = input.to_vec();
    let feeding = thread::spawn(move || std::io::Write::write_all(&mut stdin, &input).is_ok());
    let outcome = running.outcome();
    feeding.join().unwrap();
    outcome
}

/// Polls until there is a result; panics after the time limit.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    const PAUSE: Duration = Duration::from_millis(2);
    let tries = LIMIT.as_millis() / PAUSE.as_millis();
    for _ in 0..tries {
        if let Some(found) = ready() {
            return found;
        }
        thread::park_timeout(PAUSE);
    }
    panic!("timed out while waiting until {what}");
}

/// Returns true if these tests run as root, which has every permission.
#[cfg(unix)]
pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
