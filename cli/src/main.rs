//! The `trendjob` command.
fn main() {}
