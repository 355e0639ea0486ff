//! `load ADDRESS PATH CLIENTS SECONDS [MILLISECONDS]`: puts load on a server for some seconds, with
//! a pause between the requests of each client, and prints one line of JSON: requests, failures,
//! requests per second, and the times within which 50 and 99 % of the answers came, in
//! microseconds.
#![expect(clippy::print_stdout, reason = "the result is the output of this program")]

use std::thread;
use std::time::Duration;

use e2e::load::{Load, LoadPlan};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, clients, seconds, rest @ ..] = arguments.as_slice() else {
        return Err("usage: load ADDRESS PATH CLIENTS SECONDS [MILLISECONDS]".into());
    };
    let pace = rest.first().map_or(Ok(0), |text| text.parse())?;
    let seconds: u64 = seconds.parse()?;
    let load = Load::start(&LoadPlan {
        address: address.parse()?,
        path: path.clone(),
        clients: clients.parse()?,
        pace: Duration::from_millis(pace),
        on_one_connection: if pace == 0 { 1_000 } else { 10 },
    });
    // Nothing unparks this thread.
    thread::park_timeout(Duration::from_secs(seconds));
    let outcome = load.stop();
    println!(
        "{{\"requests\": {}, \"failed\": {}, \"per_second\": {}, \"p50\": {}, \"p99\": {}}}",
        outcome.answered.len(),
        outcome.failures.len(),
        outcome.answered.len() as u64 / seconds.max(1),
        outcome.percentile(50),
        outcome.percentile(99)
    );
    Ok(())
}
