//! What every process has: logs, metrics, probes, a server that stops gracefully. Knows no word of
//! what a process is for.

mod deadline;
pub mod logs;
pub mod machine;
pub mod metrics;
pub mod probes;
pub mod server;
pub mod shutdown;
