//! Cursors of lists.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| portcullis_core::sessions::fuzzing::cursor(text));
