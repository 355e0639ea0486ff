//! libFuzzer calls the target `time`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::time(data));

#[cfg(not(fuzzing))]
fn main() {}
