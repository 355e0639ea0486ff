//! libFuzzer calls the target `exclusion`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::exclusion(data));

#[cfg(not(fuzzing))]
fn main() {}
