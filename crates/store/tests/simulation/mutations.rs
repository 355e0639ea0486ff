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
}

impl Mutation {
    pub(crate) const ALL: [Self; 7] = [
        Self::NoSecondLook,
        Self::NoTakeBack,
        Self::NoLookAfterMark,
        Self::NoMark,
        Self::NoLookAfterRecord,
        Self::NoLookAfterMarker,
        Self::NoReaderRule,
    ];
}

/// The memory of an actor's store, which it needs to lie.
#[derive(Debug)]
pub(crate) struct Memory {
    mutation: Mutation,
    /// Entries that the actor inserted.
    entries: usize,
    /// The log as it was when the actor listed the runs.
    log: Option<Vec<(String, Bytes)>>,
    /// Entries that the actor believes to have inserted.
    believed: Vec<(String, Bytes)>,
    /// True after the actor stored a record of a run.
    has_begun: bool,
    /// The plans that the actor saw.
    plans: Vec<(String, Bytes)>,
}

fn is_mark(key: &str) -> bool {
    key.starts_with("retired/") || key.starts_with("purged/")
}

impl Memory {
    pub(crate) fn new(mutation: Mutation) -> Self {
        let (believed, plans) = (Vec::new(), Vec::new());
        Self { mutation, entries: 0, log: None, believed, has_begun: false, plans }
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
            return mutation != Mutation::NoMark;
        }
        if key.starts_with("runs/") && key.ends_with("/run") {
            self.has_begun = true;
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
            Mutation::NoLookAfterMark if key.starts_with("generations/") => match &self.log {
                Some(log) => {
                    log.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
                }
                None => found,
            },
            Mutation::NoSecondLook if key.ends_with("/run") && self.entries > 0 => {
                Some(found.unwrap_or_default())
            }
            Mutation::NoLookAfterMarker if key.ends_with("/plan") => {
                let known = self.plans.iter().find(|(known, _)| known == key);
                let seen = known.map(|(_, plan)| plan.clone()).or(found);
                if let Some(plan) = &seen {
                    self.plans.push((key.to_owned(), plan.clone()));
                }
                seen
            }
            _ => found,
        }
    }

    /// Notes a listing of the runs.
    pub(crate) fn lists(&mut self, world: &World) {
        let log = world.values.range("generations/".to_owned().."generations0".to_owned());
        self.log = Some(log.map(|(key, value)| (key.clone(), value.clone())).collect());
    }

    /// Returns true if the actor has changed nothing.
    fn is_reader(&self) -> bool {
        self.entries == 0 && self.log.is_none() && !self.has_begun
    }
}
