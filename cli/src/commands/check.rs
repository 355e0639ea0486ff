//! `trendjob check`: reads a whole store and names what is damaged, missing or not referred to.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};
use pipeline::check::{CheckCounts, CheckWatcher, Fault, Finding, check_store};
use serde::Serialize;

use crate::args::StoreArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::store_location::Folder;
use crate::tables::grouped;

/// The most findings that the JSON names; their numbers count all.
const NAMED: usize = 10_000;

/// The result of a check.
#[derive(Debug, Default, Serialize)]
struct Checked {
    read: CheckCounts,
    damaged: u64,
    missing: u64,
    unreferenced: u64,
    findings: Vec<Finding>,
}

/// Prints findings as they come, or keeps them for the JSON, and draws the progress.
#[derive(Debug)]
struct Watcher {
    checked: Checked,
    output: Output,
    bar: Option<ProgressBar>,
    /// The failure to print a finding.
    failed: Option<Failure>,
}

/// Reads the store and prints what is not as it should be.
pub(crate) async fn check(args: &StoreArgs, output: Output) -> Result<(), Failure> {
    let store = args.location.open(Folder::Existing).await?;
    let bar = output.draws().then(|| {
        let bar = ProgressBar::new_spinner();
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    });
    let mut watcher = Watcher { checked: Checked::default(), output, bar, failed: None };
    let read = check_store(&*store, &mut watcher).await;
    if let Some(bar) = watcher.bar {
        bar.finish_and_clear();
    }
    watcher.failed.map_or(Ok(()), Err)?;
    let checked = Checked { read: read?, ..watcher.checked };
    if output.is_json() {
        Output::json(&checked)?;
    } else {
        Output::print(&summary(&checked))?;
    }
    if checked.damaged + checked.missing == 0 {
        return Ok(());
    }
    Err(Failure::permanent(
        "StoreDamaged",
        format!(
            "{} values of {} are damaged and {} are missing: first mend the entries of logs that are named above, if any, then run the job again, or trendjob rollback to an earlier result",
            grouped(checked.damaged),
            args.location.name(),
            grouped(checked.missing),
        ),
    ))
}

fn summary(checked: &Checked) -> String {
    let CheckCounts { runs, documents, entries, marks, blocks, bytes } = checked.read;
    let [runs, documents, entries, marks, blocks, bytes] =
        [runs, documents, entries, marks, blocks, bytes].map(grouped);
    let Checked { damaged, missing, unreferenced, .. } = checked;
    format!(
        "read {runs} runs, {documents} plans and markers, {entries} log entries, {marks} marks and {blocks} blocks: {bytes} bytes\ndamaged {damaged}, missing {missing}, unreferenced {unreferenced}\n"
    )
}

impl CheckWatcher for Watcher {
    fn found(&mut self, finding: Finding) {
        let (word, number) = match finding.fault {
            Fault::Damaged => ("damaged", &mut self.checked.damaged),
            Fault::Missing => ("missing", &mut self.checked.missing),
            Fault::Unreferenced => ("unreferenced", &mut self.checked.unreferenced),
        };
        *number += 1;
        if self.output.is_json() {
            if self.checked.findings.len() < NAMED {
                self.checked.findings.push(finding);
            }
            return;
        }
        let print = || Output::print(&format!("{word}: {}\n", finding.message));
        let printed = self.bar.as_ref().map_or_else(print, |bar| bar.suspend(print));
        if let Err(failure) = printed {
            self.failed.get_or_insert(failure);
        }
    }

    fn read(&mut self, counts: &CheckCounts) {
        if let Some(bar) = &self.bar {
            let CheckCounts { documents, entries, blocks, bytes, .. } = *counts;
            let [values, bytes] = [documents + entries + blocks, bytes].map(grouped);
            bar.set_message(format!("read {values} values, {bytes} bytes"));
        }
    }
}
