//! The stages plan, etl, aggregate, score and publish as functions over input, trends and store.
//!
//! Each call is one attempt at one stage and index. It may be repeated, or run twice at once:
//! blocks are stored under the attempt key, and the first marker decides which blocks count. The
//! pods of a cluster and the threads of one machine call the same functions; this crate knows
//! neither.

pub mod aggregate;
mod attempt;
mod block_writer;
mod blocks;
mod cancel;
pub mod check;
pub mod context;
pub mod error;
pub mod etl;
pub mod input;
pub mod local;
mod markers;
mod parallel;
mod passes;
pub mod plan;
mod progress;
pub mod publish;
pub mod records;
mod room;
pub mod score;
mod sorted;
mod spill;
mod supersede;
#[cfg(test)]
mod testing;

pub use cancel::Cancel;
pub use context::{BlockSizes, Context, Limits, Process};
pub use error::Error;
pub use plan::{Analysis, CustomFormat, PinnedBaseline, Plan, Profile, RecordFormat, Spec};
pub use progress::Progress;
pub use room::Rooms;
pub use supersede::check_not_superseded;
