//! The Job that removes the results of a TrendJob. Nobody owns it: it has to outlive the TrendJob's
//! deletion, which removes all that it owns first.

use k8s_openapi::api::batch::v1::{Job, JobSpec};

use super::{metadata, pod};
use crate::names::{PURGE, RunName, STAGE_LABEL};
use crate::observed::{Observed, Valid};
use crate::settings::Settings;

/// How long the Job stays when it is over, for its logs.
const KEPT: i32 = 300;

/// The Job that removes all runs of a TrendJob.
pub(crate) fn purge_job(job: &Valid, observed: &Observed, settings: &Settings) -> Job {
    let restart = job.status.restarts.unwrap_or(0);
    let run = RunName { name: &job.name, uid: &job.uid, restart };
    let mut metadata = metadata::child(job, &run, run.purge());
    metadata.owner_references = None;
    let labels = metadata.labels.get_or_insert_default();
    labels.insert(STAGE_LABEL.to_owned(), PURGE.to_owned());
    let labels = labels.clone();
    let sink = &job.spec.sink.mongodb;
    let mut arguments = vec![
        PURGE.to_owned(),
        format!("--uid={}", job.uid),
        format!("--source={}", job.spec.source),
        format!("--database={}", sink.database),
    ];
    // The worker takes a number; all is more than there can be.
    let documents = u64::try_from(sink.documents).unwrap_or(u64::MAX);
    arguments.push(format!("--documents={documents}"));
    if sink.store_records {
        arguments.push("--store-records".to_owned());
    }
    let image = observed.run.as_ref().map(|run| run.config.worker_image.clone());
    let image = image.unwrap_or_else(|| settings.worker_image.clone());
    let mut template = pod::purge_template(job, settings, &image, arguments);
    template.metadata.get_or_insert_default().labels.get_or_insert_default().extend(labels);
    let spec = JobSpec {
        backoff_limit: Some(3),
        active_deadline_seconds: i64::try_from(settings.purge_patience.as_secs()).ok(),
        ttl_seconds_after_finished: Some(KEPT),
        template,
        ..JobSpec::default()
    };
    Job { metadata, spec: Some(spec), status: None }
}
