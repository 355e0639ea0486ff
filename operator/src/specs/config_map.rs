//! The immutable `ConfigMap` that pins a run: what its pods are told, and with which image they run.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::jiff::Timestamp;
use trendjob::RunConfig;

use super::metadata;
use crate::names::{RESTART_ANNOTATION, RunName, TRIES_ANNOTATION};
use crate::observed::{Pinned, Valid};
use crate::settings::Settings;

/// A run that begins now.
pub(crate) fn pinned(
    job: &Valid,
    settings: &Settings,
    run: &RunName<'_>,
    tries: u32,
    now: Timestamp,
) -> Pinned {
    let config = RunConfig {
        format: RunConfig::FORMAT,
        namespace: job.namespace.clone(),
        name: job.name.clone(),
        uid: job.uid.clone(),
        restart: run.restart,
        worker_image: settings.worker_image.clone(),
        score_stage: job.spec.analysis.needs_scoring(),
        spec: job.spec.clone(),
    };
    Pinned { config, restart: job.restart.clone(), tries, created: now }
}

/// The `ConfigMap` of a run.
pub(crate) fn config_map(job: &Valid, run: &RunName<'_>, pinned: &Pinned) -> Option<ConfigMap> {
    let mut metadata = metadata::child(job, run, run.base());
    let mut annotations = BTreeMap::from([(TRIES_ANNOTATION.to_owned(), pinned.tries.to_string())]);
    if let Some(restart) = &pinned.restart {
        annotations.insert(RESTART_ANNOTATION.to_owned(), restart.clone());
    }
    metadata.annotations = Some(annotations);
    Some(ConfigMap {
        metadata,
        immutable: Some(true),
        data: Some(BTreeMap::from([(RunConfig::KEY.to_owned(), pinned.config.to_json().ok()?)])),
        binary_data: None,
    })
}
