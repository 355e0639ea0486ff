//! libFuzzer calls the target `line`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::line(data));

#[cfg(not(fuzzing))]
fn main() {}
