//! The way of the data: plan, etl, aggregate and publish as functions over input, trends and store.
//!
//! Each is one attempt at one stage and index, and may be repeated or doubled at any moment: blocks
//! are written under the attempt, and the first marker decides whose blocks count. Used by the pods of
//! a cluster and by the threads of one machine alike; knows nothing of either.

pub mod aggregate;
mod blocks;
mod cancel;
pub mod context;
pub mod error;
pub mod etl;
pub mod input;
pub mod local;
mod markers;
mod parallel;
pub mod plan;
mod progress;
pub mod publish;
pub mod records;
mod row_blocks;
pub mod score;
mod sorted;
mod supersede;

pub use cancel::Cancel;
pub use context::{BlockSizes, Context, Limits};
pub use error::Error;
pub use plan::{Analysis, CustomFormat, PinnedBaseline, Plan, Profile, RecordFormat, Spec};
pub use progress::Progress;
pub use supersede::check_not_superseded;
