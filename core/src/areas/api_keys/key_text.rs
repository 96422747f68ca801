//! What a key looks like: its id, a secret and a checksum, in one word that scanners for leaked secrets find.

use portcullis_ports::{Entropy, Result, Secret, id};
use zeroize::Zeroizing;

id!(
    /// Names an API key, and is the beginning of it; worthless without the rest.
    ApiKeyId, "pck", "pck_01h2xcejqtf2nbrexx3vqjhp41"
);

/// The characters of the id.
pub(super) const ID: usize = 30;
/// The random characters behind it: 190 bits.
const SECRET: usize = 32;
/// CRC-32 in base 62.
const CHECKSUM: usize = 6;
/// The characters of a key.
pub(super) const LENGTH: usize = ID + SECRET + CHECKSUM;

/// What every key begins with.
pub const PREFIX: &str = "pck_";

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The checksum of everything before it: whoever finds a text of this form can tell without asking whether it is a key.
fn checksum(text: &str) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [ALPHABET[0]; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

/// Id and secret of a key; `None` for what is none, such as one with a typing error.
pub(super) fn parse(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    if text.len() != LENGTH
        || !text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return None;
    }
    let (body, given) = text.split_at_checked(ID + SECRET)?;
    let (id, secret) = body.split_at_checked(ID)?;
    let whole = id::well_formed("pck", id) && given.as_bytes() == checksum(body);
    whole.then_some((id, secret))
}

/// A new secret for a key: the whole key.
pub(super) fn make(id: &ApiKeyId, entropy: &dyn Entropy) -> Result<Secret> {
    let mut text = Zeroizing::new(String::with_capacity(LENGTH));
    text.push_str(id.as_str());
    while text.len() < ID + SECRET {
        let mut byte = Zeroizing::new([0]);
        entropy.fill(byte.as_mut_slice())?;
        // Each letter is equally likely: 248 is the largest multiple of 62 that a byte holds.
        if byte[0] < 248 {
            text.push(char::from(ALPHABET[usize::from(byte[0] % 62)]));
        }
    }
    let sum = checksum(&text);
    text.extend(sum.map(char::from));
    Ok(Secret::new(text.as_str()))
}

#[cfg(test)]
mod tests {
    use portcullis_ports::testkit::FakeEntropy;
    use proptest::prelude::*;

    use super::*;

    fn key() -> String {
        let entropy = FakeEntropy::seeded(1);
        let id = ApiKeyId::random(&entropy).unwrap();
        make(&id, &entropy).unwrap().expose().to_owned()
    }

    #[test]
    fn a_key_is_one_word_that_says_what_it_is() {
        let key = key();
        assert_eq!(key.len(), 68);
        let (id, secret) = parse(&key).unwrap();
        assert!(id.starts_with(PREFIX) && ApiKeyId::parse(id).is_ok());
        assert_eq!(secret.len(), 32);
        assert_eq!(parse(&format!(" {key}\n")), Some((id, secret)), "as it is pasted");
    }

    #[test]
    fn the_checksum_is_the_usual_one() {
        // CRC-32 of "123456789" is cbf43926.
        assert_eq!(checksum("123456789"), *b"3jZRME");
    }

    proptest! {
        #[test]
        fn whatever_is_changed_in_a_key_makes_it_none(at in 0_usize..68, to in "[0-9A-Za-z_.]") {
            let key = key();
            let mut letters: Vec<char> = key.chars().collect();
            letters[at] = to.chars().next().unwrap();
            let changed: String = letters.into_iter().collect();
            prop_assert_eq!(parse(&changed).is_some(), changed == key);
        }

        #[test]
        fn nothing_else_is_a_key(text in ".{0,80}") {
            prop_assert!(parse(&text).is_none());
        }
    }
}
