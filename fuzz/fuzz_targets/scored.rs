//! libFuzzer calls the target `scored`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::scored(data));

#[cfg(not(fuzzing))]
fn main() {}
