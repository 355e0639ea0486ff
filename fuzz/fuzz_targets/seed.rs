//! libFuzzer calls the target `seed`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::seed(data));

#[cfg(not(fuzzing))]
fn main() {}
