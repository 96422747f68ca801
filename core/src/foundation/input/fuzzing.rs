//! What fuzzing asks of what people type: entry points that fail when a promise does not hold.

use super::{Region, TypedPhone, code, formatted};

/// A phone number is refused, or its normal form and the form that is shown mean the same number everywhere.
///
/// # Panics
/// When that does not hold.
pub fn phone(text: &str, region: &str) {
    let region = Region::parse(region).ok();
    let read = |text: &str, region: Option<&Region>| TypedPhone::parse(text).ok()?.e164(region).ok();
    if let Some(number) = read(text, region.as_ref()) {
        assert_eq!(read(number.as_str(), None).as_ref(), Some(&number));
        assert_eq!(read(&formatted(&number), None).as_ref(), Some(&number));
    }
}

/// What a code was read as reads the same again, and has nothing in it that only separates.
///
/// # Panics
/// When that does not hold.
pub fn typed_code(text: &str) {
    let read = code(text);
    assert_eq!(code(&read), read);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn phones_and_codes_are_read_or_refused(text in "[+0-9() .-]{0,20}|\\PC{0,40}", region in "[A-Z]{2}") {
            super::phone(&text, &region);
            super::typed_code(&text);
        }
    }
}
