//! libFuzzer calls the target `detail`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::detail(data));

#[cfg(not(fuzzing))]
fn main() {}
