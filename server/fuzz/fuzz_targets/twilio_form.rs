//! The forms that Twilio posts.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| portcullis_provider_twilio::fuzzing::parameters(body));
