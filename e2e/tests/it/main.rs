//! Images, chart and manifests, from a user's side. What needs a program or a cluster that isn't there is skipped with
//! a message; `.ci/run` has all of it.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::panic, reason = "helpers of tests")]

mod argocd;
mod chart;
mod cluster;
mod compose;
mod images;
mod life;
mod manifests;
mod tools;
mod yaml;
