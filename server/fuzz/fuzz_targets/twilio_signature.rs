//! The signature of Twilio's webhooks.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (&str, Option<&str>, &[u8])| {
    portcullis_provider_twilio::fuzzing::signature(input.0, input.1, input.2);
});
