//! A file system without hard links. This machine's have them, so a library that is loaded before
//! the C library's answers `link` as exFAT does.

use std::process::{Command, Stdio};

use super::*;

/// The variable that makes this test binary a process that opens a store.
const FOLDER: &str = "STORE_TEST_UNLINKED_FOLDER";

/// The answer of exFAT is EPERM, which is 1.
const LIBRARY: &str = "
#include <errno.h>
int link(const char *from, const char *to) { errno = EPERM; return -1; }
int linkat(int a, const char *from, int b, const char *to, int flags) { errno = EPERM; return -1; }
";

/// The body of the process below.
#[tokio::test]
#[expect(clippy::print_stdout, reason = "the other process reads the message")]
#[ignore = "opens a store without hard links: another test starts it as a process"]
async fn opener() {
    let folder = std::env::var_os(FOLDER).expect("a test starts this with a folder");
    let error = ObjectStore::open_folder(Path::new(&folder)).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
    println!("refused: {error}");
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn a_file_system_without_hard_links_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let (code, library) = (scratch.path().join("links.c"), scratch.path().join("links.so"));
    fs::write(&code, LIBRARY).unwrap();
    let cc = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &code]).status();
    assert!(cc.unwrap().success());
    let folder = scratch.path().join("store");
    let opener = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "objects::tests::links::opener", "--ignored", "--nocapture"])
        .env("LD_PRELOAD", &library)
        .env(FOLDER, &folder)
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&opener.stdout);
    assert!(opener.status.success(), "{printed}");
    assert!(printed.contains("has no hard links") && printed.contains("ext4"), "{printed}");
    let left = fs::read_dir(&folder).unwrap().count();
    assert_eq!(left, 0, "nothing is left in the folder");
}
