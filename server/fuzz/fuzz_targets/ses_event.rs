//! Events of SES.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| portcullis_provider_ses::fuzzing::event(text));
