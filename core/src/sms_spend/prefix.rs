//! The beginnings of phone numbers, by which countries and prices are told apart.

use std::collections::BTreeMap;

use portcullis_ports::contact::PhoneNumber;
use portcullis_ports::text;

text!(
    /// The beginning of phone numbers in E.164: a plus and 1 to 15 digits. The plus may be left out.
    Prefix, "phone-prefix", "+49", |text| {
        let digits = text.trim();
        let digits = digits.strip_prefix('+').unwrap_or(digits);
        let ok = (1..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if ok {
            Ok(format!("+{digits}"))
        } else {
            Err("the beginning of a phone number such as +49 is expected")
        }
    }
);

impl Prefix {
    pub(super) fn covers(&self, number: &PhoneNumber) -> bool {
        number.as_str().starts_with(self.as_str())
    }
}

/// The entry of the longest prefix that the number begins with.
pub(super) fn longest<'a, T>(
    table: &'a BTreeMap<Prefix, T>,
    number: &PhoneNumber,
) -> Option<(&'a Prefix, &'a T)> {
    let covering = table.iter().filter(|(prefix, _)| prefix.covers(number));
    covering.max_by_key(|(prefix, _)| prefix.as_str().len())
}

/// Country codes of two digits (ITU-T E.164, list of assigned codes); 1 and 7 have one, all others three.
const TWO_DIGITS: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
    "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
    "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];

/// The country code of a number, with its plus.
pub(super) fn country(number: &PhoneNumber) -> &str {
    let text = number.as_str();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let length = match digits.get(..2) {
        _ if digits.starts_with(['1', '7']) => 1,
        Some(two) if TWO_DIGITS.contains(&two) => 2,
        _ => 3,
    };
    text.get(..=length).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> PhoneNumber {
        text.parse().unwrap()
    }

    #[test]
    fn countries_are_told_by_their_codes() {
        for (phone, code) in [
            ("+15005550006", "+1"),
            ("+79161234567", "+7"),
            ("+4915112345678", "+49"),
            ("+353861234567", "+353"),
            ("+8801712345678", "+880"),
            ("+9779812345678", "+977"),
        ] {
            assert_eq!(country(&number(phone)), code);
        }
    }

    #[test]
    fn the_longest_prefix_wins() {
        let prefix = |text| Prefix::parse(text).unwrap();
        let table = BTreeMap::from([(prefix("1"), "a"), (prefix("+1876"), "b"), (prefix("18"), "c")]);
        let found = |phone| longest(&table, &number(phone)).map(|(_, value)| *value);
        assert_eq!(found("+18765550006"), Some("b"));
        assert_eq!(found("+18005550006"), Some("c"));
        assert_eq!(found("+12025550006"), Some("a"));
        assert_eq!(found("+4915112345678"), None);
    }

    proptest! {
        #[test]
        fn a_number_begins_with_its_country_code(digits in "[1-9][0-9]{7,14}") {
            let phone = number(&format!("+{digits}"));
            let code = Prefix::parse(country(&phone)).unwrap();
            prop_assert!(code.covers(&phone));
        }
    }
}
