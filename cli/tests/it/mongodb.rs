//! Results in the MongoDB of a cluster, read by the command.

use crate::command::Desk;
use crate::http::Server;
use crate::results::{QUESTIONS, Twice};

#[test]
fn the_same_is_served_from_a_database_as_from_a_folder() {
    let Some(results) = Twice::publish("cli") else { return };
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
fn a_database_that_is_absent_ends_the_command_and_shows_no_password() {
    let desk = Desk::new();
    let ended =
        desk.trendjob(&["top", "sample", "--mongodb", "mongodb://user:s3cret@127.0.0.1:1/"]);
    let told = format!("{ended:?}");
    assert!(told.contains("127.0.0.1:1") && !told.contains("s3cret"), "{told}");
}
