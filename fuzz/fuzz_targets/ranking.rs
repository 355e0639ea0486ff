//! libFuzzer calls the target `ranking`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::ranking(data));
