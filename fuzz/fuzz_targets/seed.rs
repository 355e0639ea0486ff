//! libFuzzer calls the target `seed`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::seed(data));
