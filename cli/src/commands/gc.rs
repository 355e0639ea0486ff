//! `trendjob gc`: removes runs without a result and the remains of removed runs. Owns the words for
//! the reasons and outcomes; the store decides what is of no use.

use std::collections::BTreeSet;

use service::clock;
use store::retention::{self, GcOptions, Outcome, Reason, UselessRun};

use crate::args::GcArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::store_location::Folder;
use crate::tables;

/// The time that a retired result may still be read, in seconds: a day, above the grace of most
/// manifests, which are not known here.
const GRACE: u64 = 24 * 60 * 60;

/// Removes what is of no use, or lists it.
pub(crate) async fn gc(args: &GcArgs, output: Output) -> Result<(), Failure> {
    let location = &args.store.location;
    let store = location.open(Folder::Existing).await?;
    let options = GcOptions {
        now: clock::seconds(),
        older_than: args.older_than.seconds(),
        grace: GRACE,
        dry_run: args.dry_run,
    };
    let useless = retention::gc(&*store, location.folder(), options).await?;
    if !args.dry_run {
        let sources: BTreeSet<_> =
            useless.iter().filter_map(|found| found.source.as_ref()).collect();
        for source in sources {
            location.update_plain_documents(source).await?;
        }
    }
    if output.is_json() {
        return Output::json(&serde_json::json!({ "dryRun": args.dry_run, "runs": useless }));
    }
    if useless.is_empty() {
        return Output::print(&format!("nothing to remove in {}\n", location.name()));
    }
    let rows = useless.iter().map(|found| {
        let source = found.source.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let outcome = outcome(found, args.dry_run).to_owned();
        vec![found.run.to_string(), source, reason(found.reason).to_owned(), outcome]
    });
    Output::print(&tables::columns(&["run", "source", "reason", "outcome"], &[], rows))?;
    if args.dry_run {
        output.note("nothing was changed: leave out --dry-run to remove them");
    }
    Ok(())
}

const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::LateData => "stored after its removal",
        Reason::Purged => "its TrendJob is deleted",
        Reason::Retired => "retired",
        Reason::BeyondRetention => "beyond the retention",
        Reason::Interrupted => "no result, and no process works on it",
        Reason::Superseded => "a later run is published",
        Reason::Abandoned => "no result, and as old as --older-than",
    }
}

const fn outcome(found: &UselessRun, dry_run: bool) -> &'static str {
    match found.outcome {
        Outcome::Removed if dry_run => "would be removed",
        Outcome::Removed => "removed",
        Outcome::Retired if dry_run => "would be retired",
        Outcome::Retired => "retired: removed by a later clean-up",
        Outcome::InGrace => "kept: readers may have it open",
        Outcome::Visible => "kept: it is visible, or was a moment ago",
        Outcome::InUse => "kept: a process works on it",
    }
}
