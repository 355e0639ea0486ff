//! libFuzzer calls the target `head`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::head(data));
