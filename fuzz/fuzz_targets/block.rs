//! libFuzzer calls the target `block`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::block(data));

#[cfg(not(fuzzing))]
fn main() {}
