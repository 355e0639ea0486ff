//! The parts that every pass works with.

use kube::Client;
use kube::runtime::reflector::{ObjectRef, Store};

use super::memory::Memory;
use super::recorder::EventRecorder;
use super::warnings::Warnings;
use crate::object::{JobObject, TrendJobObject};
use crate::settings::Settings;

/// The parts that every pass works with.
pub struct Context {
    /// The client of the cluster.
    pub client: Client,
    /// The TrendJobs as last watched.
    pub trendjobs: Store<TrendJobObject>,
    /// The Jobs of this operator as last watched.
    pub jobs: Store<JobObject>,
    /// The settings of the operator.
    pub settings: Settings,
    /// The recorder of events.
    pub recorder: EventRecorder,
    /// The notes of earlier passes.
    pub memory: Memory,
    /// The warnings of Kubernetes about pods, by namespace.
    pub warnings: Warnings,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Context {
    /// Notes the object that a write over another returned, until the watch shows it.
    pub(super) fn note_write(&self, over: &TrendJobObject, written: TrendJobObject) {
        let key = ObjectRef::from_obj(over);
        self.memory.note_write(over, written, |written| {
            let watched = self.trendjobs.get(&key);
            watched.is_some_and(|watched| {
                watched.metadata.resource_version == written.metadata.resource_version
            })
        });
    }
}
