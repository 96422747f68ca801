//! Texts that keys sealed.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (&str, &[u8])| {
    portcullis_adapter_keyfile::fuzzing::sealed_text(input.0, input.1);
});
