//! The parts that every process has: clock, logs, metrics, probes and a server that stops
//! gracefully. Doesn't know the purpose of a process.

pub mod clock;
mod deadline;
mod error_chain;
pub mod logs;
pub mod machine;
pub mod metrics;
pub mod probes;
pub mod server;
pub mod shutdown;

pub use error_chain::error_chain;
