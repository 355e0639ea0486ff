//! The operator: it turns TrendJobs into Jobs and says what is going on. Owns the way from a watched
//! object to Jobs, status, events and metrics; refuses to know data, databases and their passwords.

pub mod args;
pub mod crd;
pub mod definition;
pub mod diagnosis;
mod leader;
mod metrics;
pub mod names;
pub mod object;
pub mod observed;
pub mod plan;
mod precedence;
pub mod queue;
pub mod reconcile;
pub mod run;
pub mod settings;
mod specs;
pub mod validate;
pub mod watch;
