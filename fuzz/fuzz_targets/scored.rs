//! libFuzzer calls the target `scored`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::scored(data));
