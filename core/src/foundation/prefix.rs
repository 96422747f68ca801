//! The beginnings of phone numbers, by which prices and permissions are told apart.

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
    pub(crate) fn covers(&self, number: &PhoneNumber) -> bool {
        number.as_str().starts_with(self.as_str())
    }
}

/// The entry of the longest prefix that the number begins with.
pub(crate) fn longest<'a, T>(
    table: &'a BTreeMap<Prefix, T>,
    number: &PhoneNumber,
) -> Option<(&'a Prefix, &'a T)> {
    let covering = table.iter().filter(|(prefix, _)| prefix.covers(number));
    covering.max_by_key(|(prefix, _)| prefix.as_str().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        text.parse().unwrap()
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
}
