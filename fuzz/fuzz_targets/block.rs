//! libFuzzer calls the target `block`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::block(data));
