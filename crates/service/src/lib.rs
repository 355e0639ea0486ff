//! What every process has: logs, metrics, probes, a server that stops gracefully. Knows no word of
//! what a process is for.

pub mod logs;
pub mod metrics;
pub mod probes;
pub mod server;
pub mod shutdown;
