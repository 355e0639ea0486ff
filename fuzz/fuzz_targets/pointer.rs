//! libFuzzer calls the target `pointer`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::pointer(data));

#[cfg(not(fuzzing))]
fn main() {}
