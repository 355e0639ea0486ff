//! libFuzzer calls the target `exclusion`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::exclusion(data));
