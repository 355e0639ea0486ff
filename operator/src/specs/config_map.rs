//! The immutable `ConfigMap` that pins a run: the configuration of its pods, and their image.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use trendjob::RunConfig;

use super::metadata;
use crate::names::{RESTART_ANNOTATION, TRIES_ANNOTATION};
use crate::observed::StartedRun;
use crate::pass::Pass;
use crate::validate::CheckedTrendJob;

/// A run that begins now.
pub(crate) fn pinned(pass: &Pass<'_>, restart: u32, tries: u32) -> StartedRun {
    let trendjob = pass.trendjob;
    let config = RunConfig {
        format: RunConfig::FORMAT,
        namespace: trendjob.namespace.clone(),
        name: trendjob.name.clone(),
        uid: trendjob.uid.clone(),
        restart,
        worker_image: pass.settings.worker_image.clone(),
        score_stage: trendjob.spec.analysis.needs_scoring(),
        spec: trendjob.spec.clone(),
    };
    StartedRun { config, restart: trendjob.restart.clone(), tries, created: pass.now }
}

/// The `ConfigMap` of a run.
pub(crate) fn config_map(trendjob: &CheckedTrendJob, pinned: &StartedRun) -> ConfigMap {
    let run = trendjob.run_name(pinned.config.restart);
    let mut metadata = metadata::child(trendjob, &run, run.base());
    let mut annotations = BTreeMap::from([(TRIES_ANNOTATION.to_owned(), pinned.tries.to_string())]);
    if let Some(restart) = &pinned.restart {
        annotations.insert(RESTART_ANNOTATION.to_owned(), restart.clone());
    }
    metadata.annotations = Some(annotations);
    ConfigMap {
        metadata,
        immutable: Some(true),
        data: Some(BTreeMap::from([(RunConfig::KEY.to_owned(), json(&pinned.config))])),
        binary_data: None,
    }
}

#[expect(clippy::expect_used, reason = "it was read from JSON: all its maps have strings as keys")]
fn json(config: &RunConfig) -> String {
    config.to_json().expect("a run configuration can be written as JSON")
}
