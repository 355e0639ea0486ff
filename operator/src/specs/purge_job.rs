//! The Job that removes the results of a TrendJob. It has no owner reference, because it must run
//! while the TrendJob is being deleted, and a foreground deletion removes owned Jobs first.

use k8s_openapi::api::batch::v1::{Job, JobSpec};

use super::metadata;
use super::pod::Pod;
use crate::names::{PURGE, STAGE_LABEL, Stage};
use crate::pass::Pass;

/// The time that the finished Job stays for its logs, in seconds.
const TTL_SECONDS: i32 = 300;

/// The Job that removes the results of all runs of a TrendJob.
pub(crate) fn purge_job(pass: &Pass<'_>) -> Job {
    let trendjob = pass.trendjob;
    let run = trendjob.run_name(trendjob.status.restarts.unwrap_or(0));
    let mut metadata = metadata::child(trendjob, &run, run.purge());
    metadata.owner_references = None;
    let labels = metadata.labels.get_or_insert_default();
    labels.insert(STAGE_LABEL.to_owned(), PURGE.to_owned());
    let labels = labels.clone();
    let sink = &trendjob.spec.sink.mongodb;
    let mut arguments = vec![
        PURGE.to_owned(),
        format!("--uid={}", trendjob.uid),
        format!("--source={}", trendjob.spec.source),
        format!("--database={}", sink.database),
    ];
    // -1 means all documents: the worker gets the largest number, which no result reaches.
    let documents = u64::try_from(sink.documents).unwrap_or(u64::MAX);
    arguments.push(format!("--documents={documents}"));
    if sink.store_records {
        arguments.push("--store-records".to_owned());
    }
    let image = pass.observed.run.as_ref().map(|run| run.config.worker_image.as_str());
    let image = image.unwrap_or(&pass.settings.worker_image);
    let spec = JobSpec {
        backoff_limit: Some(3),
        active_deadline_seconds: i64::try_from(pass.settings.purge_patience.seconds()).ok(),
        ttl_seconds_after_finished: Some(TTL_SECONDS),
        template: Pod::new(pass, Stage::Plan, image, arguments).finish(labels),
        ..JobSpec::default()
    };
    Job { metadata, spec: Some(spec), status: None }
}
