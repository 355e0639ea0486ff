//! HTTP over published trends: [`app`] is the whole service as a value, without a port.
//!
//! Stateless: every answer is made of one generation of one source, read through the store, and
//! nothing is ever written.

mod access;
mod answer;
mod app;
mod cors;
mod current;
mod cursor;
mod known;
mod limits;
mod openapi;
mod overload;
mod pinned;
mod problem;
mod query;
mod refreshed;
mod resources;
mod settings;
mod term;
mod windows;

pub use app::{ApiState, app};
pub use cors::{InvalidOrigin, Origin};
pub use openapi::document;
pub use settings::Settings;
