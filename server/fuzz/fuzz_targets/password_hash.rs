//! Stored password hashes in PHC form.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| portcullis_adapter_argon2id::fuzzing::stored_hash(text));
