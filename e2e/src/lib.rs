//! Nothing but tests: `tests/it` looks at images, chart and manifests as a user does, with `helm`, `kubectl` and
//! `buildah`, and says what it skipped where one of them is missing.
