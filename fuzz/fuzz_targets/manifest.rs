//! libFuzzer calls the target `manifest`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::manifest(data));
