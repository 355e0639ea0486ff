//! Images, chart and manifests as a user meets them.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::panic, reason = "helpers of tests")]

mod argocd;
mod chart;
mod cluster;
mod compose;
mod documents;
mod images;
mod life;
mod manifests;
mod tools;
mod yaml;
