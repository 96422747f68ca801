//! `Accept-Language` as clients send it.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| portcullis_core::texts::fuzzing::accept_language(text));
