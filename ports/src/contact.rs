//! Where a person can be reached: e-mail addresses and phone numbers, and how to show them without giving them away.

use idna::{domain_to_ascii, domain_to_unicode};

use crate::text;

text!(
    /// An e-mail address: trimmed and lower-cased; dot-atom local part and a host name with at least one dot
    /// (RFC 5321 without quoted strings and address literals); at most 254 characters. International host names are
    /// kept in their ASCII form (RFC 5890, A-labels), in which mail is sent and addresses are compared.
    EmailAddress, "email", "ada@example.com", email
);

text!(
    /// A phone number in E.164: a plus, then 7 to 15 digits that begin with a country code. Nothing else is accepted:
    /// what people type is read elsewhere, with the numbering plans of the countries.
    PhoneNumber, "phone", "+15005550006", phone
);

const EMAIL_ADVICE: &str = "an e-mail address such as ada@example.com is expected";
const LOCAL_ADVICE: &str =
    "before the @ only plain letters a to z, digits and signs such as . + - _ can be used";
const PHONE_ADVICE: &str =
    "a phone number with country code such as +15005550006 is expected (7 to 15 digits)";

fn email(text: &str) -> Result<String, &'static str> {
    // Full-width, as some keyboards write it.
    let text = text.trim().replace('\u{ff20}', "@");
    let (local, host) = text.rsplit_once('@').ok_or(EMAIL_ADVICE)?;
    if !local.is_ascii() {
        return Err(LOCAL_ADVICE);
    }
    // What is ASCII already stays as it is, so that whatever was once accepted can be read for ever.
    let host = if host.is_ascii() {
        host.to_ascii_lowercase()
    } else {
        domain_to_ascii(host).map_err(|_| EMAIL_ADVICE)?
    };
    let local_ok = (1..=64).contains(&local.len())
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character));
    let labels: Vec<&str> = host.split('.').collect();
    let host_ok = labels.len() >= 2
        && labels.iter().all(|label| is_host_label(label))
        && labels
            .last()
            .is_some_and(|top| !top.chars().all(|c| c.is_ascii_digit()));
    if local.len() + host.len() < 254 && local_ok && host_ok {
        Ok(format!("{}@{host}", local.to_ascii_lowercase()))
    } else {
        Err(EMAIL_ADVICE)
    }
}

fn is_atom_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

fn is_host_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn phone(text: &str) -> Result<String, &'static str> {
    let digits = text.strip_prefix('+').ok_or(PHONE_ADVICE)?;
    let ok = (7..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if ok {
        Ok(text.to_owned())
    } else {
        Err(PHONE_ADVICE)
    }
}

impl EmailAddress {
    /// For people to read: an international host name in its own letters.
    pub fn shown(&self) -> String {
        let (local, host) = self.as_str().split_once('@').unwrap_or_default();
        // Only encoded labels look different (RFC 5890, section 2.3.2.1).
        if !host.contains("xn--") {
            return self.as_str().to_owned();
        }
        match domain_to_unicode(host) {
            (host, Ok(())) => format!("{local}@{host}"),
            (_, Err(_)) => self.as_str().to_owned(),
        }
    }

    /// Enough to recognise one's own address, too little to learn somebody else's: `a***@example.com`.
    pub fn masked(&self) -> String {
        let shown = self.shown();
        let (local, host) = shown.split_once('@').unwrap_or_default();
        format!("{}***@{host}", local.chars().take(1).collect::<String>())
    }
}

impl PhoneNumber {
    /// The last two digits only: `+*********06`.
    pub fn masked(&self) -> String {
        let hidden = self.as_str().len().saturating_sub(3);
        let shown: String = self.as_str().chars().skip(hidden + 1).collect();
        format!("+{}{shown}", "*".repeat(hidden))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_trimmed_and_lower_cased() {
        assert_eq!(
            EmailAddress::parse("  Ada@Example.COM ").unwrap().as_str(),
            "ada@example.com"
        );
    }

    #[test]
    fn weak_addresses_are_refused() {
        for wrong in [
            "@", "a@", "@b.c", "a b@c.de", "a@b", "a@-b.de", "a@b..de", ".a@b.de", "a@b.1", "a@b@c.de",
        ] {
            assert!(EmailAddress::parse(wrong).is_err(), "{wrong}");
        }
        assert!(EmailAddress::parse(&format!("{}@example.com", "a".repeat(65))).is_err());
    }

    #[test]
    fn international_hosts_are_kept_in_ascii_and_shown_in_their_letters() {
        for (typed, kept, shown) in [
            (
                "Ada@M\u{fc}nchen.DE",
                "ada@xn--mnchen-3ya.de",
                "ada@m\u{fc}nchen.de",
            ),
            (
                "ada@mu\u{308}nchen.de",
                "ada@xn--mnchen-3ya.de",
                "ada@m\u{fc}nchen.de",
            ),
            (
                "ada@XN--Mnchen-3ya.de",
                "ada@xn--mnchen-3ya.de",
                "ada@m\u{fc}nchen.de",
            ),
            (
                "ada\u{ff20}\u{4f8b}\u{3048}\u{3002}jp",
                "ada@xn--r8jz45g.jp",
                "ada@\u{4f8b}\u{3048}.jp",
            ),
            ("ada@example.com", "ada@example.com", "ada@example.com"),
            ("ada@xn--a.com", "ada@xn--a.com", "ada@xn--a.com"),
        ] {
            let email = EmailAddress::parse(typed).unwrap();
            assert_eq!((email.as_str(), email.shown().as_str()), (kept, shown));
        }
        let long = format!("ada@{}.de", "\u{fc}".repeat(63));
        for wrong in [
            long.as_str(),
            "ada@m\u{fc}nchen",
            "ada@\u{ad}.de",
            "ad\u{e4}@example.com",
            "ada@m\u{fc} x.de",
        ] {
            assert!(EmailAddress::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            EmailAddress::parse("ada@m\u{fc}nchen.de").unwrap().masked(),
            "a***@m\u{fc}nchen.de"
        );
    }

    #[test]
    fn numbers_are_digits_behind_a_plus() {
        for right in ["+15005550006", "+6834002"] {
            assert_eq!(PhoneNumber::parse(right).unwrap().as_str(), right);
        }
        for wrong in [
            "5005550006",
            "+1 500 555 0006",
            "+1500555OOO6",
            "+123456",
            "+1234567890123456",
            "+",
            "++15005550006",
            "+05005550006",
            "+49(0)1701234567",
        ] {
            assert!(PhoneNumber::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn masks_hide_nearly_everything() {
        assert_eq!(
            EmailAddress::parse("ada@example.com").unwrap().masked(),
            "a***@example.com"
        );
        assert_eq!(
            PhoneNumber::parse("+15005550006").unwrap().masked(),
            "+*********06"
        );
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent_and_never_panics(text in ".{0,80}") {
            if let Ok(email) = EmailAddress::parse(&text) {
                prop_assert_eq!(EmailAddress::parse(email.as_str()).unwrap(), email.clone());
                prop_assert!(!email.masked().contains(email.as_str()));
            }
            if let Ok(phone) = PhoneNumber::parse(&text) {
                prop_assert_eq!(PhoneNumber::parse(phone.as_str()).unwrap(), phone);
            }
        }
    }
}
