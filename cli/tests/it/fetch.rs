//! `trendjob fetch`: its output, its waiting, and its failures.

use std::net::TcpListener;

use crate::command::{Running, Workspace};

/// An address without a listener.
fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn serve(workspace: &Workspace, address: &str) -> Running {
    let store = workspace.store();
    let mut running =
        Running::start(workspace.command(&["serve", "--store", &store, "--listen", address]));
    running.line(|line| line.contains("http://").then_some(()));
    running
}

#[test]
fn an_answer_is_printed_unchanged_and_a_refusal_fails() {
    let (workspace, address) = (Workspace::new(), free());
    let _server = serve(&workspace, &address);
    let sources =
        workspace.trendjob(&["fetch", &format!("http://{address}/api/v1/sources")]).done();
    assert!(sources.stdout.starts_with('{') && sources.stdout.contains("sources"), "{sources:?}");
    let refused =
        workspace.trendjob(&["fetch", &format!("http://{address}/api/v1/trends?source=none")]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    refused.failed_with(&["answered 404", "none"]);
}

#[test]
fn it_waits_for_a_server_only_with_wait() {
    let (workspace, address) = (Workspace::new(), free());
    let url = format!("http://{address}/api/v1/sources");
    let refused = workspace.trendjob(&["fetch", &url]);
    assert_eq!(refused.code, Some(1));
    refused.failed_with(&[&url]);
    // When the time of `--wait` is over, the last failure is printed.
    workspace.trendjob(&["fetch", "--wait", "0s", &url]).failed_with(&[&url]);
    let waiting = Running::start(workspace.command(&["fetch", "--wait", "2m", &url]));
    let _server = serve(&workspace, &address);
    assert!(waiting.outcome().done().stdout.contains("sources"));
}

#[test]
fn an_invalid_url_is_refused_at_once() {
    let refused = Workspace::new().trendjob(&["fetch", "--wait", "2m", "no url at all"]);
    assert_eq!(refused.code, Some(42), "{refused:?}");
    refused.failed_with(&["no url at all", "http://HOST:8383"]);
}
