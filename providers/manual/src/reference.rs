//! Numbers that banks check by themselves: IBAN (ISO 13616), BIC (ISO 9362), and the reference of a payer (ISO 11649).

/// How much of a payment's id makes its reference: 60 bits of its randomness.
const SHORT: usize = 12;
/// The longest IBAN, and the shortest.
const IBAN: std::ops::RangeInclusive<usize> = 15..=34;

/// The remainder by 97 of letters and digits, where A is 10 and Z 35; nothing for other characters.
fn remainder(text: impl Iterator<Item = char>) -> Option<u32> {
    let mut rest = 0_u32;
    for letter in text {
        let digit = letter.to_digit(36)?;
        let shift = if digit < 10 { 10 } else { 100 };
        rest = (rest * shift + digit) % 97;
    }
    Some(rest)
}

/// Whether it is an IBAN whose check digits are right, in capitals and without spaces.
pub(crate) fn is_iban(text: &str) -> bool {
    let Some((head, number)) = text.is_ascii().then(|| text.split_at_checked(4)).flatten() else {
        return false;
    };
    let country = head.bytes().take(2).all(|byte| byte.is_ascii_uppercase());
    let check = head.bytes().skip(2).all(|byte| byte.is_ascii_digit());
    let whole = number.chars().chain(head.chars());
    IBAN.contains(&text.len()) && country && check && remainder(whole) == Some(1)
}

/// Whether it is a BIC, in capitals.
pub(crate) fn is_bic(text: &str) -> bool {
    let letters = text.bytes().take(6).all(|byte| byte.is_ascii_uppercase());
    let rest = text
        .bytes()
        .skip(6)
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    matches!(text.len(), 8 | 11) && letters && rest
}

/// What a payer writes on the transfer: a creditor reference out of the end of the payment's id, which banks check for slips.
pub(crate) fn creditor_reference(payment: &str) -> String {
    let start = payment.len().saturating_sub(SHORT);
    let short = payment.get(start..).unwrap_or(payment).to_uppercase();
    let rest = remainder(short.chars().chain("RF00".chars())).unwrap_or_default();
    format!("RF{:02}{short}", 98 - rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_banks_are_checked() {
        for right in [
            "DE89370400440532013000",
            "GB82WEST12345698765432",
            "NO9386011117947",
        ] {
            assert!(is_iban(right), "{right}");
        }
        for wrong in [
            "",
            "DE8",
            "DE88370400440532013000",
            "de89370400440532013000",
            "DE89 3704",
            "ÄÄ89370400440532013000",
        ] {
            assert!(!is_iban(wrong), "{wrong}");
        }
        assert!(is_bic("COBADEFFXXX") && is_bic("COBADEFF"));
        assert!(!is_bic("COBADEF") && !is_bic("C0BADEFF") && !is_bic("cobadeff"));
    }

    #[test]
    fn the_reference_of_the_standard_is_made() {
        // The example of ISO 11649.
        assert_eq!(creditor_reference("539007547034"), "RF18539007547034");
    }

    proptest! {
        #[test]
        fn its_check_digits_are_right_and_a_slip_is_seen(id in "pay_[0-9a-hjkmnp-tv-z]{26}", at in 4_usize..16, other in "[0-9A-Z]") {
            let reference = creditor_reference(&id);
            let rest = |text: &str| remainder(text.chars().skip(4).chain(text.chars().take(4)));
            prop_assert_eq!(reference.len(), 16);
            prop_assert_eq!(rest(&reference), Some(1));
            // A letter for a letter, or a digit for a digit, as slips are.
            let kind = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            prop_assume!(kind(reference.get(at..=at).unwrap()) == kind(&other));
            let mut slip = reference.clone();
            slip.replace_range(at..=at, &other);
            prop_assert_eq!(rest(&slip) == Some(1), slip == reference);
        }
    }
}
