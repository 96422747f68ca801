//! Codes as people type them.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| portcullis_core::input::fuzzing::typed_code(text));
