//! The purge pod: removes every run of a TrendJob that is being deleted.

use store::retention::purge as remove_all;
use store::{SourceName, Store};
use trendjob::TerminationMessage;

use super::now;
use crate::args::PurgeArgs;
use crate::ending::Ending;

/// Removes the runs of a TrendJob.
pub(crate) async fn purge(store: &dyn Store, args: &PurgeArgs) -> Result<Ending, Ending> {
    let unusable = |error: String| Ending::unusable("InvalidArguments", error);
    let source = SourceName::new(&args.source).map_err(|error| unusable(error.to_string()))?;
    if args.uid.is_empty() {
        return Err(unusable("--uid is empty: it would name every run".to_owned()));
    }
    // Runs are `<uid>-<restart>`; with the dash no other uid begins with this one.
    let removed = remove_all(store, &source, &format!("{}-", args.uid), &now()).await?;
    tracing::info!(removed, "purged");
    Ok(Ending::done(TerminationMessage::default()))
}
