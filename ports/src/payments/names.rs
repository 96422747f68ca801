//! Names of calls, attempts and a vendor's objects.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::PaymentId;

/// The longest key that every vendor takes, in bytes.
const MAX_KEY: usize = 108;
/// The longest name of a vendor's object that is kept, in bytes.
const MAX_REFERENCE: usize = 255;
/// The longest tag, in bytes: what fits into every vendor's free field.
const MAX_TAG: usize = 64;

const fn graphic(text: &str) -> bool {
    let (bytes, mut at) = (text.as_bytes(), 0);
    while at < bytes.len() {
        if !bytes[at].is_ascii_graphic() {
            return false;
        }
        at += 1;
    }
    !bytes.is_empty()
}

crate::text!(
    /// The idempotency key of one call: the same for every repeat of it, and for no other call. At most 108 printable ASCII
    /// characters. Never made from a clock.
    CallKey, "call-key", "01h2xcejqtf2nbrexx3vqjhp4101h2xcejqtf2nbrexx3vqjhp41", |text| {
        if text.len() <= MAX_KEY && graphic(text) {
            Ok(text.to_owned())
        } else {
            Err("a key of at most 108 printable ASCII characters is expected")
        }
    }
);

crate::text!(
    /// A vendor's name for one of its objects: a payment, a refund, a customer, an account. Opaque, at most 255 printable
    /// ASCII characters.
    VendorRef, "vendor-reference", "pi_3MtwBwLkdIwHu7ix28a3tqPa", in "^[!-~]{1,255}$", |text| {
        if text.len() <= MAX_REFERENCE && graphic(text) {
            Ok(text.to_owned())
        } else {
            Err("a vendor's reference of at most 255 printable ASCII characters is expected")
        }
    }
);

crate::text!(
    /// A value of ours that the vendor gives back unchanged with the payment, such as a MAC over payment and amount: it shows
    /// that a payment was begun here even where the vendor signs nothing. At most 64 printable ASCII characters.
    Tag, "tag", "6v7kq3n0m8h2", |text| {
        if text.len() <= MAX_TAG && graphic(text) {
            Ok(text.to_owned())
        } else {
            Err("a tag of at most 64 printable ASCII characters is expected")
        }
    }
);

/// One attempt to collect a payment: one object of the vendor. Written `pay_….2` where a vendor keeps it for us.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AttemptId {
    /// The payment.
    pub payment: PaymentId,
    /// The number of the attempt, from 1.
    pub attempt: u32,
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.payment, self.attempt)
    }
}

impl FromStr for AttemptId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ADVICE: &str = "the id of a payment, a point and the number of the attempt are expected";
        let (payment, attempt) = text.rsplit_once('.').ok_or(ADVICE)?;
        let payment = PaymentId::parse(payment)?;
        let attempt: u32 = attempt.parse().map_err(|_| ADVICE)?;
        let attempt = Self { payment, attempt };
        // One spelling for one attempt: no sign, no leading zeros.
        if attempt.attempt == 0 || attempt.to_string() != text {
            return Err(ADVICE);
        }
        Ok(attempt)
    }
}

impl From<AttemptId> for String {
    fn from(attempt: AttemptId) -> Self {
        attempt.to_string()
    }
}

impl TryFrom<String> for AttemptId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_read_as_it_is_written() {
        let text = "pay_01h2xcejqtf2nbrexx3vqjhp41.12";
        let attempt: AttemptId = text.parse().unwrap();
        assert_eq!((attempt.attempt, attempt.to_string().as_str()), (12, text));
        for wrong in [
            "",
            "pay_01h2xcejqtf2nbrexx3vqjhp41",
            "pay_01h2xcejqtf2nbrexx3vqjhp41.",
            "pay_01h2xcejqtf2nbrexx3vqjhp41.0",
            "pay_01h2xcejqtf2nbrexx3vqjhp41.01",
            "pay_01h2xcejqtf2nbrexx3vqjhp41.+1",
            "rfd_01h2xcejqtf2nbrexx3vqjhp41.1",
        ] {
            assert!(wrong.parse::<AttemptId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_printable_and_bounded() {
        assert!(CallKey::parse(&"k".repeat(MAX_KEY)).is_ok());
        assert!(VendorRef::parse("pi_1").is_ok() && Tag::parse("t").is_ok());
        for wrong in ["", "a b", "a\n", "ä", &"k".repeat(MAX_REFERENCE + 1)] {
            assert!(CallKey::parse(wrong).is_err(), "{wrong}");
            assert!(VendorRef::parse(wrong).is_err(), "{wrong}");
            assert!(Tag::parse(wrong).is_err(), "{wrong}");
        }
    }
}
