//! The display of a run's progress: a bar on a terminal, a line every 10 seconds elsewhere.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pipeline::Progress;

use crate::output::Output;
use crate::tables;

/// The interval between two drawings of the bar, and between two lines where there is no bar.
const DRAW: Duration = Duration::from_millis(100);
const LINE: Duration = Duration::from_secs(10);

/// A display of progress, which ends when it is dropped.
#[derive(Debug)]
pub(super) struct Display {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Display {
    pub(super) fn start(progress: Arc<Progress>, output: Output) -> Self {
        let (stop, stopped) = channel();
        let thread = thread::spawn(move || {
            let bar = output.draws().then(bar);
            let every = if bar.is_some() { DRAW } else { LINE };
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                match &bar {
                    Some(bar) => draw(bar, &progress),
                    None => output.note(&line(&progress)),
                }
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.stop.take();
        // A display that panicked has nothing to add to the result.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    // The bar fills the rest of the line and no more: a wrapped line can't be redrawn.
    let template = "{msg:>13} {wide_bar} {bytes}/{total_bytes} {prefix} {eta} left";
    // The template is constant; a wrong one falls back to the plain bar.
    bar.set_style(
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

fn draw(bar: &ProgressBar, progress: &Progress) {
    let [bytes, total, records, partitions, partitions_total] = snapshot(progress);
    // Each call may draw the bar, so the words are set before the numbers.
    let seconds = bar.elapsed().as_secs_f64().max(0.1);
    bar.set_message(match (total, partitions_total) {
        (0, _) => "planning".to_owned(),
        (_, 0) => "counting".to_owned(),
        _ => format!("merging {partitions}/{partitions_total}"),
    });
    bar.set_prefix(format!("{} records/s", tables::grouped((records as f64 / seconds) as u64)));
    bar.set_length(total);
    bar.set_position(bytes.min(total));
}

fn line(progress: &Progress) -> String {
    let [bytes, total, records, partitions, partitions_total] = snapshot(progress);
    let merged = if partitions_total > 0 {
        format!(", merged {partitions} of {partitions_total} partitions")
    } else {
        String::new()
    };
    format!(
        "read {} of {}, {} records{merged}",
        tables::bytes(bytes),
        tables::bytes(total),
        tables::grouped(records)
    )
}

/// Returns the bytes counted and their total, the records, the partitions merged and their total.
fn snapshot(progress: &Progress) -> [u64; 5] {
    let Progress { bytes, bytes_total, records, partitions, partitions_total, .. } = progress;
    [bytes, bytes_total, records, partitions, partitions_total]
        .map(|counter| counter.load(Ordering::Relaxed))
}
