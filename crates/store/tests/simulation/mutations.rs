//! Mutations of the protocol: each makes the store of an actor lie so that one step of the protocol
//! has no effect. A simulation that doesn't notice one of them tests nothing.

use bytes::Bytes;

use crate::world::World;

/// A step of the protocol that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// Nothing is missing.
    None,
    /// A process that inserted an entry does not look at the marks again.
    NoSecondLook,
    /// A process that finds a mark at its second look does not take its entry back.
    NoTakeBack,
    /// A removal does not look at the log again after it listed the runs.
    NoLookAfterMark,
    /// A removal sets no mark.
    NoMark,
    /// A plan pod does not look at the marks after it stored the record.
    NoLookAfterRecord,
    /// An attempt does not look for the plan after it stored its marker.
    NoLookAfterMarker,
    /// A reader doesn't skip an entry whose run is gone.
    NoReaderRule,
    /// A removal does not look at the log again after it removed the data.
    NoLookAfterRemoval,
    /// A removal takes the plan after the markers and blocks.
    NoPlanFirst,
    /// A purge does not wait for readers.
    NoWaitForReaders,
}

impl Mutation {
    pub(crate) const ALL: [Self; 10] = [
        Self::NoSecondLook,
        Self::NoTakeBack,
        Self::NoLookAfterMark,
        Self::NoMark,
        Self::NoLookAfterRecord,
        Self::NoLookAfterMarker,
        Self::NoReaderRule,
        Self::NoLookAfterRemoval,
        Self::NoPlanFirst,
        Self::NoWaitForReaders,
    ];
}

/// The memory of an actor's store, which it needs to lie.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) mutation: Mutation,
    /// Entries that the actor inserted.
    entries: usize,
    /// The log as it was when the actor listed the runs.
    log: Option<Vec<(String, Bytes)>>,
    /// The log as it was when the actor removed a run, until it marks the next one.
    log_at_removal: Option<Vec<(String, Bytes)>>,
    /// Entries that the actor believes to have inserted.
    believed: Vec<(String, Bytes)>,
    /// True after the actor stored a record of a run.
    has_begun: bool,
    /// The beginning of the keys of the run for which the actor stored its last marker.
    marked: Option<String>,
}

fn is_mark(key: &str) -> bool {
    key.starts_with("retired/") || key.starts_with("purged/")
}

fn log(world: &World) -> Vec<(String, Bytes)> {
    let log = world.values.range("generations/".to_owned().."generations0".to_owned());
    log.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn in_log(log: &[(String, Bytes)], key: &str) -> Option<Bytes> {
    log.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
}

impl Memory {
    pub(crate) fn new(mutation: Mutation) -> Self {
        let (log, log_at_removal) = (None, None);
        let (believed, has_begun, marked) = (Vec::new(), false, None);
        Self { mutation, entries: 0, log, log_at_removal, believed, has_begun, marked }
    }

    /// Returns true if an insert has an effect.
    pub(crate) fn inserts(&mut self, key: &str, value: &Bytes) -> bool {
        let mutation = self.mutation;
        if key.starts_with("generations/") {
            self.entries += 1;
            let is_lost = mutation == Mutation::NoTakeBack && self.entries > 1;
            if is_lost {
                self.believed.push((key.to_owned(), value.clone()));
            }
            return !is_lost;
        }
        if is_mark(key) {
            self.log_at_removal = None;
            return mutation != Mutation::NoMark;
        }
        if key.starts_with("runs/") && key.ends_with("/run") {
            self.has_begun = true;
        }
        if let Some((run, _)) = key.split_once("markers/") {
            self.marked = Some(run.to_owned());
        }
        true
    }

    /// Returns the value that the actor sees.
    pub(crate) fn get(&mut self, world: &World, key: &str) -> Option<Bytes> {
        let believed = self.believed.iter().find(|(known, _)| known == key);
        let found = world.values.get(key).or_else(|| believed.map(|(_, value)| value)).cloned();
        match self.mutation {
            Mutation::NoSecondLook if is_mark(key) && self.entries > 0 => None,
            Mutation::NoReaderRule if is_mark(key) && self.is_reader() => None,
            Mutation::NoLookAfterRecord if is_mark(key) && self.has_begun => None,
            Mutation::NoLookAfterMark if key.starts_with("generations/") => {
                self.log.as_deref().map_or(found, |log| in_log(log, key))
            }
            Mutation::NoLookAfterRemoval if key.starts_with("generations/") => {
                self.log_at_removal.as_deref().map_or(found, |log| in_log(log, key))
            }
            Mutation::NoSecondLook if key.ends_with("/run") && self.entries > 0 => {
                Some(found.unwrap_or_default())
            }
            Mutation::NoLookAfterMarker if self.is_plan_of_marked(key) => {
                Some(found.unwrap_or_default())
            }
            _ => found,
        }
    }

    /// Notes a listing of the runs.
    pub(crate) fn lists(&mut self, world: &World) {
        if self.mutation == Mutation::NoLookAfterMark || self.log.is_none() {
            self.log = Some(log(world));
        }
    }

    /// Notes the removal of a part of a run.
    pub(crate) fn removes(&mut self, world: &World) {
        if self.mutation == Mutation::NoLookAfterRemoval && self.log_at_removal.is_none() {
            self.log_at_removal = Some(log(world));
        }
    }

    /// Returns true if a key is that of the plan of the run for which the actor stored a marker.
    fn is_plan_of_marked(&self, key: &str) -> bool {
        self.marked.as_deref().is_some_and(|run| key.strip_prefix(run) == Some("plan"))
    }

    /// Returns true if the actor has changed nothing.
    fn is_reader(&self) -> bool {
        self.entries == 0 && self.log.is_none() && !self.has_begun
    }
}
