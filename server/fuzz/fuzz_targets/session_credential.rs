//! Credentials of sessions.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| portcullis_core::sessions::fuzzing::credential(text));
