//! E-mail addresses.
#![no_main]

use portcullis_ports::contact::EmailAddress;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(address) = EmailAddress::parse(text) {
        let again = EmailAddress::parse(address.as_str()).expect("the normal form is an address");
        assert_eq!(again.as_str(), address.as_str(), "the normal form is stable");
        assert!(!address.as_str().contains(|c: char| c.is_control() || c.is_whitespace()));
    }
});
