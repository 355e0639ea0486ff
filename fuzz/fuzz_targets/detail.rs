//! libFuzzer calls the target `detail`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trendjob_fuzz::detail(data));
