//! `trendjob fetch URL`: sends a request to an API and prints its answer. It is for places without
//! another HTTP client, such as pods. Owns the rule that a failed request is repeated until the
//! time of `--wait` is over.

use crate::args::FetchArgs;
use crate::failure::Failure;

/// Prints the answer of a URL.
#[cfg(feature = "http")]
pub(crate) async fn fetch(args: &FetchArgs) -> Result<(), Failure> {
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    /// The time between two requests.
    const INTERVAL: Duration = Duration::from_millis(500);
    check(&args.url)?;
    let until = args.wait.map(|wait| Instant::now() + Duration::from_secs(wait.seconds()));
    loop {
        let url = args.url.clone();
        let answer = tokio::task::spawn_blocking(move || get(&url)).await;
        let failure = match answer.map_err(|_| pipeline::Error::Panicked)? {
            Ok(text) => return crate::output::Output::print(&text),
            Err(failure) => failure,
        };
        if until.is_none_or(|until| Instant::now() > until) {
            return Err(failure);
        }
        tokio::select! {
            () = sleep(INTERVAL) => {}
            () = service::shutdown::requested() => return Err(pipeline::Error::Cancelled.into()),
        }
    }
}

/// Fails if a text is not an HTTP URL: waiting would not help.
#[cfg(feature = "http")]
fn check(url: &str) -> Result<(), Failure> {
    let parsed = url.parse::<ureq::http::Uri>().ok();
    let scheme = parsed.as_ref().and_then(ureq::http::Uri::scheme_str);
    if matches!(scheme, Some("http" | "https")) {
        return Ok(());
    }
    Err(Failure::permanent(
        "InvalidUrl",
        format!("{url} is not an HTTP URL: write it as http://HOST:8383/api/v1/sources"),
    ))
}

/// Sends one request. Any answer but a success is a failure with the whole answer.
#[cfg(feature = "http")]
fn get(url: &str) -> Result<String, Failure> {
    use std::time::Duration;

    /// The longest time that a request may take.
    const PATIENCE: Duration = Duration::from_secs(30);
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .user_agent(concat!("trendjob/", env!("CARGO_PKG_VERSION")))
        .build();
    let unanswered =
        |error: ureq::Error| Failure::other("Unanswered", format!("requesting {url}: {error}"));
    let mut answer = config.new_agent().get(url).call().map_err(unanswered)?;
    let text = answer.body_mut().read_to_string().map_err(unanswered)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(text);
    }
    Err(Failure::other("Refused", format!("{url} answered {status}: {}", text.trim_end())))
}

/// Fails: a build without the feature `http` can't send requests.
#[cfg(not(feature = "http"))]
pub(crate) async fn fetch(args: &FetchArgs) -> Result<(), Failure> {
    Err(Failure::usage(format!(
        "this trendjob can't request {}{}: build it with cargo install --path cli --features http",
        args.url,
        if args.wait.is_some() { " or wait for it" } else { "" }
    )))
}
