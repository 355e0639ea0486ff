//! libFuzzer calls the target `rows`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::rows(data));
