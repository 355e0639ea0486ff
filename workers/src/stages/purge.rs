//! The purge: removes every run of a TrendJob that is being deleted.

use std::time::Duration;

use store::mongo::{plain, records};
use store::retention::{READERS, purge as remove_all};
use store::{AttemptId, SourceName, TrendJobUid};
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
        return Err(unusable("--uid is empty: no run would match".to_owned()));
    }
    let uid = TrendJobUid::new(&args.uid).map_err(|error| unusable(error.to_string()))?;
    if let Some(mongo) = opened.mongo.as_ref().filter(|_| args.store_records) {
        // This comes before the purge: the newest entry of the generation log still names the run
        // that the records belong to.
        records::withdraw(mongo, &source, |run| run.uid().as_ref() == Some(&uid)).await?;
    }
    let readers = tokio::time::sleep(Duration::from_secs(READERS));
    let removed = remove_all(&*opened.store, &source, &uid, &now(), readers).await?;
    if let Some(mongo) = &opened.mongo {
        let attempt = AttemptId::new(&format!("purge-{}", args.uid));
        let attempt = attempt.map_err(|error| unusable(error.to_string()))?;
        plain::refresh(mongo, &source, &attempt, args.documents).await?;
        records::sweep(mongo, &source).await?;
    }
    tracing::info!(removed, "purged");
    Ok(Ending::done(TerminationMessage::default()))
}
