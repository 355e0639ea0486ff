//! libFuzzer calls the target `pointer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::pointer(data));
