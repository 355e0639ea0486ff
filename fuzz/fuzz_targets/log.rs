//! libFuzzer calls the target `log`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::log(data));

#[cfg(not(fuzzing))]
fn main() {}
