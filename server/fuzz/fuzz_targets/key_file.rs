//! The file of keys.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| portcullis_adapter_keyfile::fuzzing::key_file(text));
