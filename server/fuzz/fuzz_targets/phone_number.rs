//! Phone numbers as people type them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (&str, &str)| portcullis_core::input::fuzzing::phone(input.0, input.1));
