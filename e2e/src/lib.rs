//! The load that tests put on an API. The tests themselves, of images, chart and manifests, are in
//! `tests/it`.

pub mod load;
