//! HTTP over published trends: [`app`] is the whole service as a value, without a port.
//!
//! Stateless: every answer is made of one generation of one source, read through the store.

mod access;
mod app;
mod compatible;
mod current;
mod etag;
mod known;
mod limits;
mod problem;
mod query;
mod ranked;
mod sources;

pub use app::{ApiState, app};
