//! Results in the MongoDB of a cluster, read by the command.

use crate::command::Desk;
use crate::http::Server;
use crate::results::{QUESTIONS, Twice};

#[testing::needs(mongodb)]
#[test]
fn a_database_and_a_folder_serve_equal_results() {
    let results = Twice::publish("cli");
    let folder = Server::over(Desk::new(), &["--store", results.store().to_str().unwrap()]);
    let place = ["--mongodb", &results.uri, "--database", &results.database];
    let database = Server::over(Desk::new(), &place);
    for question in QUESTIONS {
        let (expected, found) = (folder.get(question), database.get(question));
        assert_eq!((expected.status, expected.body), (found.status, found.body), "{question}");
    }
    assert!(database.get(QUESTIONS[0]).body.contains("\"User Topic Trends\":\"2\""));
}

#[test]
fn a_missing_database_ends_the_command_without_a_password_in_the_error() {
    let desk = Desk::new();
    let ended =
        desk.trendjob(&["top", "sample", "--mongodb", "mongodb://user:s3cret@127.0.0.1:1/"]);
    let told = format!("{ended:?}");
    assert!(told.contains("127.0.0.1:1") && !told.contains("s3cret"), "{told}");
}

#[testing::needs(mongodb)]
#[test]
fn a_term_excluded_in_a_database_is_not_served_from_it() {
    let results = Twice::publish("cli-exclude");
    let place = ["--mongodb", &results.uri, "--database", &results.database];
    let server = Server::over(Desk::new(), &place);
    let exclude = |args: &[&str]| {
        let desk = Desk::new();
        desk.trendjob(&[&["exclude", "sample"], args, &place].concat()).done().stdout
    };
    let told = exclude(&["--term", "Love"]);
    assert!(told.contains("generation 1 is shown without 1 word"), "{told}");
    let answer = server.get(QUESTIONS[0]).body;
    assert!(answer.starts_with("{\"Hot Topic\":\"hope\",\"Hot Topic Trends\":\"2\""), "{answer}");
    assert!(exclude(&["--list"]).contains("Love"));
}
