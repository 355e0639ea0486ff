//! The Jobs and the `ConfigMap` of a run, one per file. They are built from values alone, so
//! building can't fail.

mod config_map;
mod metadata;
mod pod;
mod purge_job;
mod stage_job;

pub(crate) use config_map::{config_map, pinned};
pub(crate) use purge_job::purge_job;
pub(crate) use stage_job::{NextJob, stage_job};
