//! Results in the MongoDB of a cluster, read by the command.

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

#[testing::needs(mongodb)]
#[test]
fn a_command_that_reads_a_database_ends_without_a_word_on_stderr() {
    let results = Twice::publish("cli-quiet");
    let workspace = Workspace::new();
    let location = ["--mongodb", &results.uri, "--database", &results.database];
    // A driver that is cut off while it works panics in about one of seventy processes.
    for _ in 0..300 {
        let ended = workspace.trendjob(&[&["top", "sample"][..], &location].concat()).done();
        assert_eq!(ended.stderr, "");
    }
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
