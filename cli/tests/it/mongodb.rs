//! Results in the MongoDB of a cluster, read by the command.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::command::Workspace;
use crate::http::Server;
use crate::results::{QUESTIONS, Twice};

#[testing::needs(mongodb)]
#[test]
fn a_database_and_a_folder_serve_equal_results() {
    let results = Twice::publish("cli");
    let folder = Server::over(Workspace::new(), &["--store", results.store().to_str().unwrap()]);
    let location = ["--mongodb", &results.uri, "--database", &results.database];
    let database = Server::over(Workspace::new(), &location);
    for question in QUESTIONS {
        let (expected, found) = (folder.get(question), database.get(question));
        assert_eq!((expected.status, expected.body), (found.status, found.body), "{question}");
    }
    assert!(database.get(QUESTIONS[0]).body.contains("\"User Topic Trends\":\"2\""));
}

#[test]
fn a_missing_database_ends_the_command_without_a_password_in_the_error() {
    let workspace = Workspace::new();
    let ended =
        workspace.trendjob(&["top", "sample", "--mongodb", "mongodb://user:s3cret@127.0.0.1:1/"]);
    let printed = format!("{ended:?}");
    assert!(printed.contains("127.0.0.1:1") && !printed.contains("s3cret"), "{printed}");
}

/// A proxy in front of a database, which keeps what it passes on to it.
struct Tap {
    uri: String,
    sent: Arc<Mutex<Vec<u8>>>,
    /// The number of connections that have not ended.
    open: Arc<AtomicUsize>,
}

impl Tap {
    fn before(uri: &str) -> Self {
        let server = uri.trim_start_matches("mongodb://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("mongodb://{}/", listener.local_addr().unwrap());
        let tap = Self { uri, sent: Arc::default(), open: Arc::default() };
        let (sent, open) = (Arc::clone(&tap.sent), Arc::clone(&tap.open));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&server).unwrap();
                let mut back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || std::io::copy(&mut back.0, &mut back.1));
                let (sent, open) = (Arc::clone(&sent), Arc::clone(&open));
                open.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    pass(client, server, &sent);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        tap
    }

    /// Returns how often a client ended its sessions, once all its connections have ended.
    fn ends_of_sessions(&self) -> usize {
        while self.open.load(Ordering::SeqCst) > 0 {
            thread::yield_now();
        }
        let sent = self.sent.lock().unwrap();
        sent.windows(11).filter(|bytes| *bytes == b"endSessions").count()
    }
}

fn pass(mut client: TcpStream, mut server: TcpStream, sent: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 16 << 10];
    let mut all = Vec::new();
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        all.extend_from_slice(&buffer[..count]);
        if server.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    drop(server.shutdown(Shutdown::Both));
    sent.lock().unwrap().extend(all);
}

#[testing::needs(mongodb)]
#[test]
fn commands_end_their_sessions_at_a_database_before_they_end() {
    let results = Twice::publish("cli-closed");
    let workspace = Workspace::new();
    let mut ends = 0;
    // A driver that is cut off while it works may print its panic. It ends the sessions that are back
    // in its pool by then, which are mostly all.
    for _ in 0..20 {
        let tap = Tap::before(&results.uri);
        let location = ["--mongodb", &tap.uri, "--database", &results.database];
        let ended = workspace.trendjob(&[&["top", "sample"][..], &location].concat()).done();
        assert_eq!(ended.stderr, "");
        ends += tap.ends_of_sessions();
    }
    assert!(ends > 0, "no command closed its driver");
}

#[testing::needs(mongodb)]
#[test]
fn a_term_excluded_in_a_database_is_not_served_from_it() {
    let results = Twice::publish("cli-exclude");
    let location = ["--mongodb", &results.uri, "--database", &results.database];
    let server = Server::over(Workspace::new(), &location);
    let exclude = |args: &[&str]| {
        let workspace = Workspace::new();
        workspace.trendjob(&[&["exclude", "sample"], args, &location].concat()).done().stdout
    };
    let printed = exclude(&["--term", "Love"]);
    assert!(printed.contains("generation 1 is shown without 1 word"), "{printed}");
    let answer = server.get(QUESTIONS[0]).body;
    assert!(answer.starts_with("{\"Hot Topic\":\"hope\",\"Hot Topic Trends\":\"2\""), "{answer}");
    assert!(exclude(&["--list"]).contains("Love"));
}
