//! Access tokens.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (&str, &[u8])| {
    portcullis_core::accounts::fuzzing::access_token(input.0, input.1);
});
