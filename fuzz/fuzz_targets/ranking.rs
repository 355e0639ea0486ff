//! libFuzzer calls the target `ranking`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::ranking(data));

#[cfg(not(fuzzing))]
fn main() {}
