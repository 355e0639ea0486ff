//! Tests: `tests/it` looks at images, chart and manifests as a user does, with `helm`, `kubectl` and `buildah`, and says
//! what it skipped where one of them is missing. All that is here is the load they put on an API.

pub mod load;
