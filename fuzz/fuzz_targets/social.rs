//! libFuzzer calls the target `social`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::social(data));

#[cfg(not(fuzzing))]
fn main() {}
