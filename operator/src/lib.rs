//! The operator: it turns TrendJobs into Jobs and reports their progress. Owns all steps from a
//! watched TrendJob to Jobs, status, events and metrics; knows neither data nor databases and their
//! passwords.

pub mod args;
mod condition_types;
pub mod crd;
pub mod definition;
pub mod diagnosis;
mod indexes;
mod leader;
mod metrics;
pub mod names;
pub mod object;
pub mod observed;
pub mod pass;
pub mod plan;
mod precedence;
pub mod queue;
mod reasons;
pub mod reconcile;
pub mod run;
pub mod settings;
mod specs;
pub mod times;
pub mod validate;
pub mod watch;
