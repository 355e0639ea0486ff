//! Runs the programs that users type, and waits for conditions.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// The folder of the repository.
pub(crate) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The folder of the chart.
pub(crate) fn chart() -> PathBuf {
    top().join("charts/trendjob")
}

/// Reads a file of the repository.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(top().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns a variable of the environment, if it is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok().filter(|text| !text.is_empty())
}

/// The end of a program.
#[derive(Debug)]
pub(crate) struct Ended {
    /// True if the exit code is 0.
    pub(crate) succeeded: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Returns the output of a program that must succeed.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert!(self.succeeded, "{}\n{}", self.out, self.err);
        self.out
    }

    /// Returns the errors of a program that must fail.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert!(!self.succeeded, "it did not fail:\n{}", self.out);
        self.err
    }
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    let name = format!("{command:?}");
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { succeeded: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs a program with a text as its standard input.
pub(crate) fn run_with(command: &mut Command, text: &str) -> Ended {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let output = command.stdin(file).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { succeeded: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
}

/// `helm`, and the Helm 3 that `TRENDJOB_TEST_HELM3` names, if it is set.
pub(crate) fn helms() -> Vec<String> {
    [Some("helm".to_owned()), variable("TRENDJOB_TEST_HELM3")].into_iter().flatten().collect()
}

/// The longest wait, which only a failing test reaches, and the time between two looks.
const PATIENCE: Duration = Duration::from_mins(3);
const LOOK: Duration = Duration::from_millis(200);

/// Waits until `look` returns something, and returns it.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    // A look takes time, too.
    for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
        if let Some(found) = look() {
            return found;
        }
        thread::park_timeout(LOOK);
    }
    panic!("waited {PATIENCE:?} in vain for {what}")
}
