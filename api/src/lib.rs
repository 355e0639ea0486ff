//! HTTP over published results: [`app`] is the whole service as a value, without a port.
//!
//! Stateless: every answer is made from one generation of one source, read through the store, and
//! nothing is ever written.

mod access;
mod admission;
mod app;
mod cors;
mod cursor;
mod limits;
mod newest_results;
mod pinned_views;
mod problem;
mod refreshing;
mod request;
mod resources;
mod response;
mod schemas;
mod settings;
mod source_cache;
mod state;

pub use app::app;
pub use cors::{InvalidOrigin, Origin};
pub use settings::Settings;

/// The OpenAPI document, as JSON in lines.
pub fn document() -> String {
    resources::openapi::document(&resources::all())
}
