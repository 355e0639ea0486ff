//! The notes of passes over a TrendJob for its next pass, by its uid. Owns the rule that nothing is
//! kept about a TrendJob that is gone. After a restart the operator works without the notes.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::object::{TrendJobObject, prune_trendjob};

/// The notes about all TrendJobs.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<String, Notes>>);

/// The notes about one TrendJob.
#[derive(Debug, Default, PartialEq)]
struct Notes {
    /// The TrendJob that the last write returned, until the watch shows it. A pass over an older one
    /// would decide by the previous status, and record the same events again.
    pending: Option<TrendJobObject>,
    /// True if nothing can be created in the namespace any more.
    is_namespace_terminating: bool,
    /// The number of a run that had begun without the status noting it.
    begun: Option<u32>,
    /// Number of passes that failed since the last one that succeeded.
    failures: u32,
}

impl Memory {
    /// The TrendJob as last watched or written, whichever is newer.
    pub(super) fn newest(&self, watched: &TrendJobObject) -> TrendJobObject {
        self.watched(watched);
        let all = self.0.lock();
        let pending = all.get(uid(watched)).and_then(|notes| notes.pending.as_ref());
        pending.unwrap_or(watched).clone()
    }

    /// Forgets the write that the watch shows now. The watch calls this, because a finished
    /// TrendJob may have no further pass.
    pub fn watched(&self, object: &TrendJobObject) {
        self.change(uid(object), |notes| {
            notes.pending.take_if(|pending| !is_older(object, pending));
        });
    }

    /// Notes the TrendJob that a write returned, unless the watch has shown it already. `watched` is
    /// called under the lock, so that the watch can't show the write unnoticed in between.
    pub(super) fn note_write(
        &self,
        mut written: TrendJobObject,
        watched: impl FnOnce() -> Option<Arc<TrendJobObject>>,
    ) {
        prune_trendjob(&mut written);
        let uid = uid(&written).to_owned();
        self.change(&uid, |notes| {
            let is_watched = watched().is_some_and(|watched| !is_older(&watched, &written));
            notes.pending = (!is_watched).then_some(written);
        });
    }

    /// Notes that nothing can be created in the namespace any more.
    pub(super) fn note_namespace_terminating(&self, object: &TrendJobObject) {
        self.change(uid(object), |notes| notes.is_namespace_terminating = true);
    }

    /// Returns true if nothing can be created in the namespace any more.
    pub(super) fn is_namespace_terminating(&self, uid: &str) -> bool {
        self.0.lock().get(uid).is_some_and(|notes| notes.is_namespace_terminating)
    }

    /// Notes a run that had begun without the status noting it.
    pub(super) fn note_started(&self, object: &TrendJobObject, restart: u32) {
        self.change(uid(object), |notes| notes.begun = Some(restart));
    }

    /// The number of a run that had begun without the status noting it.
    pub(super) fn begun(&self, uid: &str) -> Option<u32> {
        self.0.lock().get(uid)?.begun
    }

    /// Counts a pass that failed.
    pub(super) fn note_failure(&self, object: &TrendJobObject) {
        self.change(uid(object), |notes| notes.failures = notes.failures.saturating_add(1));
    }

    /// Forgets the passes that failed.
    pub(super) fn forget_failures(&self, object: &TrendJobObject) {
        self.change(uid(object), |notes| notes.failures = 0);
    }

    /// The number of passes that failed since the last one that succeeded.
    pub(super) fn failures(&self, object: &TrendJobObject) -> u32 {
        self.0.lock().get(uid(object)).map_or(0, |notes| notes.failures)
    }

    /// Forgets everything about a TrendJob that is gone.
    pub fn forget(&self, uid: &str) {
        self.0.lock().remove(uid);
    }

    /// Changes the notes about a TrendJob, and drops them if nothing is left.
    fn change<R>(&self, uid: &str, change: impl FnOnce(&mut Notes) -> R) -> R {
        let mut all = self.0.lock();
        let mut notes = all.remove(uid).unwrap_or_default();
        let result = change(&mut notes);
        if !uid.is_empty() && notes != Notes::default() {
            all.insert(uid.to_owned(), notes);
        }
        result
    }
}

/// Returns true if a version of a TrendJob is older than another. The API server numbers the versions
/// of one type of object with whole numbers that grow with every write: Kubernetes promises it from
/// 1.35 on (KEP-5504). A version that is no such number counts as new.
fn is_older(version: &TrendJobObject, than: &TrendJobObject) -> bool {
    let number = |object: &TrendJobObject| object.metadata.resource_version.as_ref()?.parse().ok();
    let numbers: Option<(u64, u64)> = number(version).zip(number(than));
    numbers.is_some_and(|(version, than)| version < than)
}

fn uid(object: &TrendJobObject) -> &str {
    object.metadata.uid.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: &str) -> TrendJobObject {
        let metadata = serde_json::json!({"name": "job", "uid": "u", "resourceVersion": number});
        let object = serde_json::json!({
            "apiVersion": "trendjob.dev/v1alpha1", "kind": "TrendJob", "metadata": metadata, "spec": {},
        });
        serde_json::from_value(object).unwrap()
    }

    fn newest(memory: &Memory, watched: &str) -> Option<String> {
        memory.newest(&version(watched)).metadata.resource_version
    }

    #[test]
    fn a_write_counts_until_the_watch_shows_it() {
        let memory = Memory::default();
        memory.note_write(version("10"), || Some(version("8").into()));
        // The watch shows the versions one after the other, that of the finalizer among them.
        for older in ["8", "9"] {
            memory.watched(&version(older));
            assert_eq!(newest(&memory, older).as_deref(), Some("10"));
        }
        memory.watched(&version("10"));
        assert!(memory.0.lock().is_empty());
    }

    #[test]
    fn a_change_of_somebody_else_after_the_write_counts_at_once() {
        let memory = Memory::default();
        memory.note_write(version("10"), || None);
        assert_eq!(newest(&memory, "11").as_deref(), Some("11"));
        assert!(memory.0.lock().is_empty());
    }

    #[test]
    fn a_write_that_the_watch_has_shown_already_is_not_kept() {
        let memory = Memory::default();
        for shown in ["2", "3"] {
            memory.note_write(version("2"), || Some(version(shown).into()));
            assert!(memory.0.lock().is_empty());
        }
    }

    #[test]
    fn nothing_is_kept_about_a_trendjob_that_is_gone_or_has_no_failures() {
        let memory = Memory::default();
        let object = version("1");
        memory.note_write(version("2"), || None);
        memory.note_namespace_terminating(&object);
        memory.note_started(&object, 3);
        memory.note_failure(&object);
        assert_eq!((memory.begun("u"), memory.failures(&object)), (Some(3), 1));
        memory.forget("u");
        assert!(memory.0.lock().is_empty());
        memory.note_failure(&object);
        memory.forget_failures(&object);
        assert!(memory.0.lock().is_empty());
    }
}
