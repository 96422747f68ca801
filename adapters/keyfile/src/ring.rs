//! The keys in memory: sealing and opening, without any I/O.

use std::collections::BTreeMap;
use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::BASE64URL_NOPAD;
use portcullis_ports::keys::{EncryptionContext, Sealed};
use zeroize::Zeroizing;

/// The first part of every sealed text; another way of sealing would get another one.
const FORM: &str = "k1";
/// The length of a nonce in bytes.
pub(crate) const NONCE: usize = 24;
/// The length of a key in bytes.
pub(crate) const KEY: usize = 32;
/// The length of the authentication tag in bytes.
const TAG: usize = 16;

/// One key. Wiped from memory when dropped.
pub(crate) struct Key {
    /// The bytes.
    pub(crate) bytes: Zeroizing<[u8; KEY]>,
    /// Seconds since 1970-01-01 UTC.
    pub(crate) created_at: i64,
}

/// All keys of a file, the active one among them.
pub(crate) struct Ring {
    active: String,
    keys: BTreeMap<String, Key>,
}

/// Why a sealed text stays shut.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shut {
    /// It was sealed with a key that is not in the ring.
    UnknownKey(String),
    /// It is not in our form.
    Malformed,
    /// It was altered, or belongs to another context.
    Forged,
}

impl fmt::Display for Shut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey(id) => write!(f, "there is no key {id}"),
            Self::Malformed => f.write_str("the text is not in the form of the key file"),
            Self::Forged => f.write_str("the text was altered or belongs to something else"),
        }
    }
}

impl Ring {
    /// A ring whose active key is among its keys; `None` if it is not.
    pub(crate) fn new(active: String, keys: BTreeMap<String, Key>) -> Option<Self> {
        keys.contains_key(&active).then_some(Self { active, keys })
    }

    /// The id of the key that seals.
    pub(crate) fn active(&self) -> &str {
        &self.active
    }

    /// Ids and keys, by id.
    pub(crate) fn keys(&self) -> &BTreeMap<String, Key> {
        &self.keys
    }

    /// Adds a key, and seals with it from now on. An id that is taken is refused.
    pub(crate) fn add(&mut self, id: String, key: Key) -> bool {
        if self.keys.contains_key(&id) {
            return false;
        }
        self.keys.insert(id.clone(), key);
        self.active = id;
        true
    }

    /// Seals with the active key. `None` only if the cipher refuses the length.
    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE],
        plain: &[u8],
        context: &EncryptionContext,
    ) -> Option<Sealed> {
        let key = self.keys.get(&self.active)?;
        let aad = bound_to(context, &self.active);
        let payload = Payload {
            msg: plain,
            aad: &aad,
        };
        let ciphertext = cipher(key).encrypt(&XNonce::from(nonce), payload).ok()?;
        let body = [nonce.as_slice(), &ciphertext].concat();
        Some(Sealed(format!(
            "{FORM}.{}.{}",
            self.active,
            BASE64URL_NOPAD.encode(&body)
        )))
    }

    /// Opens what was sealed with any key of the ring.
    pub(crate) fn open(
        &self,
        sealed: &Sealed,
        context: &EncryptionContext,
    ) -> Result<Zeroizing<Vec<u8>>, Shut> {
        let mut parts = sealed.0.split('.');
        let (Some(FORM), Some(id), Some(body), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Shut::Malformed);
        };
        if !is_key_id(id) {
            return Err(Shut::Malformed);
        }
        let body = BASE64URL_NOPAD
            .decode(body.as_bytes())
            .map_err(|_| Shut::Malformed)?;
        let (nonce, ciphertext) = body.split_first_chunk::<NONCE>().ok_or(Shut::Malformed)?;
        if ciphertext.len() < TAG {
            return Err(Shut::Malformed);
        }
        let key = self.keys.get(id).ok_or_else(|| Shut::UnknownKey(id.to_owned()))?;
        let aad = bound_to(context, id);
        let payload = Payload {
            msg: ciphertext,
            aad: &aad,
        };
        cipher(key)
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| Shut::Forged)
    }
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*key.bytes).into())
}

/// The context and then the key id, each text preceded by its length, so that no two pairs give the same bytes.
fn bound_to(context: &EncryptionContext, key_id: &str) -> Vec<u8> {
    let mut bytes = context.canonical();
    bytes.extend_from_slice(&(key_id.len() as u64).to_be_bytes());
    bytes.extend_from_slice(key_id.as_bytes());
    bytes
}

/// Key ids are lower-case letters and digits, so that they never clash with the dots between the parts.
pub(crate) fn is_key_id(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sealed by libsodium (`crypto_aead_xchacha20poly1305_ietf_encrypt`) with key 00…1f and nonce 40…57.
    const KNOWN: &str =
        "k1.0123abcd.QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXtU1xEbOLWXf71OPf2PJFzaGzWF8gqeMyi3lE1Wsf";

    fn ring() -> Ring {
        let bytes = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let key = Key {
            bytes: Zeroizing::new(bytes),
            created_at: 0,
        };
        Ring::new("0123abcd".into(), BTreeMap::from([("0123abcd".into(), key)])).unwrap()
    }

    fn context() -> EncryptionContext {
        EncryptionContext::new("totp").and("account", "usr_1")
    }

    #[test]
    fn a_text_sealed_by_another_implementation_opens() {
        let opened = ring().open(&Sealed(KNOWN.into()), &context()).unwrap();
        assert_eq!(opened.as_slice(), b"attack at dawn");
    }

    #[test]
    fn sealing_gives_the_known_text() {
        let nonce = std::array::from_fn(|at| u8::try_from(64 + at).unwrap());
        let sealed = ring().seal(nonce, b"attack at dawn", &context()).unwrap();
        assert_eq!(sealed.0, KNOWN);
    }

    #[test]
    fn every_altered_character_keeps_it_shut() {
        for at in 0..KNOWN.len() {
            for replacement in ["A", "0", ".", "", "é"] {
                let mut text = KNOWN.to_owned();
                text.replace_range(at..=at, replacement);
                if text != KNOWN {
                    assert!(ring().open(&Sealed(text.clone()), &context()).is_err(), "{text}");
                }
            }
        }
    }

    #[test]
    fn the_reason_tells_a_missing_key_from_a_forgery() {
        let renamed = KNOWN.replace("0123abcd", "0123abce");
        let open = |text: &str, context: &EncryptionContext| {
            ring().open(&Sealed(text.to_owned()), context).unwrap_err()
        };
        assert_eq!(
            open(&renamed, &context()),
            Shut::UnknownKey("0123abce".to_owned())
        );
        assert_eq!(open(KNOWN, &EncryptionContext::new("totp")), Shut::Forged);
        assert_eq!(open("k2.a.b", &context()), Shut::Malformed);
        assert_eq!(open("k1.0123abcd.AAAA", &context()), Shut::Malformed);
    }
}
