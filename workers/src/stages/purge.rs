//! The purge: removes every run of a TrendJob that is being deleted.

use store::mongo::{plain, records};
use store::retention::purge as remove_all;
use store::{AttemptId, SourceName};
use trendjob::TerminationMessage;

use super::now;
use crate::args::PurgeArgs;
use crate::ending::Ending;
use crate::location::OpenStore;

/// Removes all runs of a TrendJob.
pub(crate) async fn purge(opened: &OpenStore, args: &PurgeArgs) -> Result<Ending, Ending> {
    let unusable = |error: String| Ending::unusable("InvalidArguments", error);
    let source = SourceName::new(&args.source).map_err(|error| unusable(error.to_string()))?;
    if args.uid.is_empty() {
        return Err(unusable("--uid is empty: every run would match".to_owned()));
    }
    // A run is named `<uid>-<restart>`; the dash excludes longer uids that begin with this one.
    let prefix = format!("{}-", args.uid);
    if let Some(mongo) = opened.mongo.as_ref().filter(|_| args.store_records) {
        // This comes before the purge: the newest entry of the generation log still names the run
        // that the records belong to.
        records::withdraw(mongo, &source, |run| run.as_str().starts_with(&prefix)).await?;
    }
    let removed = remove_all(&*opened.store, &source, &prefix, &now()).await?;
    if let Some(mongo) = &opened.mongo {
        let attempt = AttemptId::new(&format!("purge-{}", args.uid));
        let attempt = attempt.map_err(|error| unusable(error.to_string()))?;
        plain::refresh(mongo, &source, &attempt, args.documents).await?;
        records::sweep(mongo, &source).await?;
    }
    tracing::info!(removed, "purged");
    Ok(Ending::done(TerminationMessage::default()))
}
