//! The worker's stages as separate processes over one store: in any order, run twice, and killed.
//! Their result is compared with that of a run on one machine.

#[cfg(test)]
mod cluster;
#[cfg(test)]
mod database;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod killed_pods;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod rounds;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod scores;
/// The scripted server of the store's own tests.
#[cfg(test)]
#[path = "../../../crates/store/src/mongo/tests/server.rs"]
#[expect(dead_code, reason = "the store's tests need more of it")]
mod server;
#[cfg(test)]
mod shared_folder;
/// Words of the command's own tests.
#[cfg(test)]
#[path = "../../../cli/tests/it/words.rs"]
mod words;
