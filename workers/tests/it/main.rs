//! The worker's stages as separate processes over one store, in any order, doubled and killed. What
//! they publish is compared with a run on one machine.

#[cfg(test)]
mod cluster;
#[cfg(test)]
mod database;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod schedules;
