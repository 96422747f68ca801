//! Prefixed, typed identifiers: 128 bits in lower-case base32, told apart by their prefix.

use data_encoding::Encoding;
use std::sync::LazyLock;

use crate::clock::{Entropy, Timestamp};
use crate::error::{Error, Result};

/// Crockford's alphabet in lower case: no letter that is mistaken for a digit.
const ALPHABET: &str = "0123456789abcdefghjkmnpqrstvwxyz";

/// 128 bits in base 32.
const LENGTH: usize = 26;

static BASE32: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut specification = data_encoding::Specification::new();
    specification.symbols.push_str(ALPHABET);
    specification.encoding().ok()
});

/// Encodes bytes in lower-case Crockford base32, without padding.
pub fn base32(bytes: &[u8]) -> Result<String> {
    let encoding = BASE32
        .as_ref()
        .ok_or_else(|| Error::internal("the base32 alphabet is inconsistent"))?;
    Ok(encoding.encode(bytes))
}

/// A fresh identifier with `prefix` and an underscore.
pub fn random(prefix: &str, entropy: &dyn Entropy) -> Result<String> {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes)?;
    Ok(format!("{prefix}_{}", base32(&bytes)?))
}

/// A fresh identifier that sorts behind those of earlier milliseconds: 48 bits of time before 80 random bits, as in `UUIDv7`
/// (RFC 9562, section 5.7). For what becomes a key in a store, which then writes beside what it wrote last.
pub fn time_ordered(prefix: &str, now: Timestamp, entropy: &dyn Entropy) -> Result<String> {
    let mut bytes = [0; 16];
    let millis = now.millis().max(0).to_be_bytes();
    bytes[..6].copy_from_slice(&millis[2..]);
    entropy.fill(&mut bytes[6..])?;
    Ok(format!("{prefix}_{}", base32(&bytes)?))
}

/// The millisecond that a time-ordered identifier begins with; `None` for what is not one of `prefix`. Tells nothing of a
/// random one.
pub fn time_of(prefix: &str, text: &str) -> Option<Timestamp> {
    if !well_formed(prefix, text) {
        return None;
    }
    let bytes = BASE32
        .as_ref()?
        .decode(text.get(prefix.len() + 1..)?.as_bytes())
        .ok()?;
    let mut millis = [0; 8];
    millis[2..].copy_from_slice(bytes.get(..6)?);
    Some(Timestamp::from_millis(i64::from_be_bytes(millis)))
}

/// Whether a byte is one of [`ALPHABET`]; asked for every character of every id that is read.
const fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'h' | b'j' | b'k' | b'm' | b'n' | b'p'..=b't' | b'v'..=b'z')
}

/// Checks prefix, length and alphabet.
pub fn well_formed(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|rest| rest.len() == LENGTH && rest.bytes().all(is_digit))
}

/// Declares an identifier type with its prefix.
#[macro_export]
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $example:literal) => {
        $crate::text!($(#[$doc])* $name, "id", $example, in concat!("^", $prefix, "_[0-9a-hjkmnp-tv-z]{26}$"), |text| {
            if $crate::id::well_formed($prefix, text) {
                Ok(text.to_owned())
            } else {
                Err(concat!("an id that begins with ", $prefix, "_ is expected"))
            }
        });

        impl $name {
            /// A fresh id.
            ///
            /// # Errors
            /// `internal` if the machine cannot give randomness.
            pub fn random(entropy: &dyn $crate::clock::Entropy) -> $crate::error::Result<Self> {
                $crate::id::random($prefix, entropy).map(Self)
            }

            /// A fresh id that sorts behind those of earlier milliseconds.
            ///
            /// # Errors
            /// `internal` if the machine cannot give randomness.
            pub fn time_ordered(
                now: $crate::Timestamp,
                entropy: &dyn $crate::clock::Entropy,
            ) -> $crate::error::Result<Self> {
                $crate::id::time_ordered($prefix, now, entropy).map(Self)
            }

            /// When a time-ordered one was made, in milliseconds. Tells nothing of a random one.
            #[must_use]
            pub fn time(&self) -> Option<$crate::Timestamp> {
                $crate::id::time_of($prefix, self.as_str())
            }
        }
    };
}

id!(
    /// Names a session in lists and logs; worthless as a credential.
    SessionId, "ses", "ses_01h2xcejqtf2nbrexx3vqjhp41"
);
id!(
    /// Names a factor device: an authenticator app, a phone number, an e-mail address.
    DeviceId, "dev", "dev_01h2xcejqtf2nbrexx3vqjhp41"
);
id!(
    /// Names a browser or app from which an account signed in; worthless as its token.
    KnownDeviceId, "kdev", "kdev_01h2xcejqtf2nbrexx3vqjhp41"
);
id!(
    /// Names a message that leaves the process.
    MessageId, "msg", "msg_01h2xcejqtf2nbrexx3vqjhp41"
);
id!(
    /// Names a payment.
    PaymentId, "pay", "pay_01h2xcejqtf2nbrexx3vqjhp41"
);
id!(
    /// Names a refund.
    RefundId, "rfd", "rfd_01h2xcejqtf2nbrexx3vqjhp41"
);
id!(
    /// Names the storing of a payment method.
    SetupId, "stp", "stp_01h2xcejqtf2nbrexx3vqjhp41"
);
id!(
    /// Names a subscription.
    SubscriptionId, "sub", "sub_01h2xcejqtf2nbrexx3vqjhp41"
);
id!(
    /// Names a transaction of the ledger.
    TransactionId, "txn", "txn_01h2xcejqtf2nbrexx3vqjhp41"
);

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<()> {
            for (value, byte) in (0u8..).zip(bytes.iter_mut()) {
                *byte = value.wrapping_mul(37);
            }
            Ok(())
        }
    }

    #[test]
    fn a_fresh_id_is_well_formed() {
        let id = SessionId::random(&Counting).unwrap();
        assert_eq!(SessionId::parse(id.as_str()).unwrap(), id);
    }

    #[test]
    fn ids_sort_by_the_time_in_which_they_were_made() {
        let at = |millis| SessionId::time_ordered(Timestamp::from_millis(millis), &Counting).unwrap();
        let ids = [0, 1, 31, 32, 1_790_000_000_000, 1_790_000_000_001, (1 << 48) - 1].map(at);
        assert!(ids.is_sorted_by(|a, b| a.as_str() < b.as_str()), "{ids:?}");
        for (id, millis) in
            ids.iter()
                .zip([0, 1, 31, 32, 1_790_000_000_000, 1_790_000_000_001, (1 << 48) - 1])
        {
            assert_eq!(SessionId::parse(id.as_str()).as_ref(), Ok(id));
            assert_eq!(id.time(), Some(Timestamp::from_millis(millis)));
        }
    }

    #[test]
    fn the_digits_are_those_of_the_alphabet() {
        for byte in 0..=u8::MAX {
            assert_eq!(is_digit(byte), ALPHABET.as_bytes().contains(&byte), "{byte}");
        }
    }

    #[test]
    fn the_schema_shows_the_form() {
        let schema = schemars::schema_for!(DeviceId);
        assert_eq!(schema.get("pattern").unwrap(), "^dev_[0-9a-hjkmnp-tv-z]{26}$");
    }

    #[test]
    fn another_prefix_or_length_is_refused() {
        for wrong in [
            "",
            "ses_",
            "dev_01h2xcejqtf2nbrexx3vqjhp41",
            "ses_01h2xcejqtf2nbrexx3vqjhp4",
            "ses_01h2xcejqtf2nbrexx3vqjhp4u",
        ] {
            assert!(SessionId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
