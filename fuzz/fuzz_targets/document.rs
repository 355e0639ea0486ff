//! libFuzzer calls the target `document`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::document(data));

#[cfg(not(fuzzing))]
fn main() {}
