//! What the objects of a run look like: one kind a file, built from values alone.

mod config_map;
mod metadata;
mod pod;
mod purge_job;
mod stage_job;

pub(crate) use config_map::{config_map, pinned};
pub(crate) use pod::parts_hash;
pub(crate) use purge_job::purge_job;
pub(crate) use stage_job::stage_job;
