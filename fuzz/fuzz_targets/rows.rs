//! libFuzzer calls the target `rows`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::rows(data));

#[cfg(not(fuzzing))]
fn main() {}
