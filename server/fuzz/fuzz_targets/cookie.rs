//! Session cookies.
#![no_main]

libfuzzer_sys::fuzz_target!(|lines: Vec<&[u8]>| portcullis_openapi::fuzzing::cookies(&lines));
