//! What every process has: logs, metrics, probes, a server that stops gracefully. Knows no word of
//! what a process is for.

mod deadline;
mod error_chain;
pub mod logs;
pub mod machine;
pub mod metrics;
pub mod probes;
pub mod server;
pub mod shutdown;

pub use error_chain::error_chain;
