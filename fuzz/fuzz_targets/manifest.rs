//! libFuzzer calls the target `manifest`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::manifest(data));

#[cfg(not(fuzzing))]
fn main() {}
