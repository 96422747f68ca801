//! Messages of SNS, and the addresses they name.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    portcullis_provider_ses::fuzzing::envelope(body);
    if let Ok(url) = std::str::from_utf8(body) {
        portcullis_provider_ses::fuzzing::address(url);
    }
});
