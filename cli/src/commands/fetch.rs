//! `trendjob fetch URL`: asks an API over HTTP and prints its answer, for places that have no other
//! client, as pods of a cluster. Owns what counts as an answer worth waiting for.

use crate::args::FetchArgs;
use crate::failure::Failure;

/// Prints what is behind a URL.
#[cfg(feature = "http")]
pub(crate) async fn fetch(args: &FetchArgs) -> Result<(), Failure> {
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    /// How often it is asked.
    const AGAIN: Duration = Duration::from_millis(500);
    check(&args.url)?;
    let until = args.wait.map(|wait| Instant::now() + Duration::from_secs(wait.seconds()));
    loop {
        let url = args.url.clone();
        let asked = tokio::task::spawn_blocking(move || ask(&url)).await;
        let failure = match asked.map_err(|_| pipeline::Error::Panicked)? {
            Ok(text) => return crate::output::Output::print(&text),
            Err(failure) => failure,
        };
        if until.is_none_or(|until| Instant::now() > until) {
            return Err(failure);
        }
        tokio::select! {
            () = sleep(AGAIN) => {}
            () = service::shutdown::requested() => return Err(pipeline::Error::Cancelled.into()),
        }
    }
}

/// Refuses what no waiting would make a URL.
#[cfg(feature = "http")]
fn check(url: &str) -> Result<(), Failure> {
    let parsed = url.parse::<ureq::http::Uri>().ok();
    let scheme = parsed.as_ref().and_then(ureq::http::Uri::scheme_str);
    if matches!(scheme, Some("http" | "https")) {
        return Ok(());
    }
    Err(Failure::permanent(
        "InvalidUrl",
        format!("{url} is no URL to ask: it looks like http://HOST:8383/api/v1/sources"),
    ))
}

/// Asks once. Anything but a success is a failure that shows the whole answer.
#[cfg(feature = "http")]
fn ask(url: &str) -> Result<String, Failure> {
    use std::time::Duration;

    /// How long an answer may take.
    const PATIENCE: Duration = Duration::from_secs(30);
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .user_agent(concat!("trendjob/", env!("CARGO_PKG_VERSION")))
        .build();
    let unanswered =
        |error: ureq::Error| Failure::other("Unanswered", format!("asking {url}: {error}"));
    let mut answer = config.new_agent().get(url).call().map_err(unanswered)?;
    let text = answer.body_mut().read_to_string().map_err(unanswered)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(text);
    }
    Err(Failure::other("Refused", format!("{url} answered {status}: {}", text.trim_end())))
}

/// Prints what is behind a URL.
#[cfg(not(feature = "http"))]
pub(crate) async fn fetch(args: &FetchArgs) -> Result<(), Failure> {
    Err(Failure::usage(format!(
        "this trendjob can't ask {}{}: build it with cargo install --path cli --features http",
        args.url,
        if args.wait.is_some() { " or wait for it" } else { "" }
    )))
}
