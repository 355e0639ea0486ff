//! The resources of the API: one file each, which owns its path, its handler and its OpenAPI
//! operation. Routes, metrics, the document and the index all follow from [`all`].

mod compatible;
mod history;
pub(crate) mod index;
pub(crate) mod openapi;
mod scores;
mod sources;
mod topics;
mod trends;

use crate::resource::Resource;

/// All resources.
pub(crate) const fn all() -> [Resource; 8] {
    [
        index::RESOURCE,
        openapi::RESOURCE,
        sources::RESOURCE,
        trends::RESOURCE,
        topics::RESOURCE,
        history::RESOURCE,
        scores::RESOURCE,
        compatible::RESOURCE,
    ]
}
