//! `trendjob fetch`: its output, its waiting, and its failures.

use std::net::TcpListener;

use crate::command::{Desk, Running};

/// An address without a listener.
fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn serve(desk: &Desk, address: &str) -> Running {
    let store = desk.store();
    let mut running =
        Running::start(desk.command(&["serve", "--store", &store, "--listen", address]));
    running.line(|line| line.contains("http://").then_some(()));
    running
}

#[test]
fn an_answer_is_printed_unchanged_and_a_refusal_fails() {
    let (desk, address) = (Desk::new(), free());
    let _server = serve(&desk, &address);
    let sources = desk.trendjob(&["fetch", &format!("http://{address}/api/v1/sources")]).done();
    assert!(sources.stdout.starts_with('{') && sources.stdout.contains("sources"), "{sources:?}");
    let refused = desk.trendjob(&["fetch", &format!("http://{address}/api/v1/trends?source=none")]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    refused.failed_saying(&["answered 404", "none"]);
}

#[test]
fn it_waits_for_a_server_only_with_wait() {
    let (desk, address) = (Desk::new(), free());
    let url = format!("http://{address}/api/v1/sources");
    let refused = desk.trendjob(&["fetch", &url]);
    assert_eq!(refused.code, Some(1));
    refused.failed_saying(&[&url]);
    // After that time, it prints why there was no answer.
    desk.trendjob(&["fetch", "--wait", "0s", &url]).failed_saying(&[&url]);
    let waiting = Running::start(desk.command(&["fetch", "--wait", "2m", &url]));
    let _server = serve(&desk, &address);
    assert!(waiting.outcome().done().stdout.contains("sources"));
}

#[test]
fn an_invalid_url_is_refused_at_once() {
    let refused = Desk::new().trendjob(&["fetch", "--wait", "2m", "no url at all"]);
    assert_eq!(refused.code, Some(42), "{refused:?}");
    refused.failed_saying(&["no url at all", "http://HOST:8383"]);
}
