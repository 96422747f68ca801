//! The form of a sealed text, and sealing and opening with a data key, without any I/O.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::BASE64URL_NOPAD;
use portcullis_ports::keys::{EncryptionContext, Sealed};
use zeroize::Zeroizing;

use crate::data_key::{DataKey, LENGTH};

/// The first part of every sealed text; another way of sealing would get another one.
const FORM: &str = "m1";
/// The length of a nonce in bytes.
pub(crate) const NONCE: usize = 24;
/// The length of the authentication tag in bytes.
const TAG: usize = 16;
/// The longest text that can be one of ours, in bytes.
const MAX_TEXT: usize = 16 * 1024;
/// The largest encrypted data key that KMS takes, in bytes (`Decrypt`, `CiphertextBlob`).
const MAX_ENCRYPTED: usize = 6144;

/// A sealed text, taken apart.
pub(crate) struct Envelope {
    /// The data key, encrypted by KMS.
    pub(crate) encrypted_key: Vec<u8>,
    nonce: [u8; NONCE],
    ciphertext: Vec<u8>,
}

impl Envelope {
    /// Takes a text apart; `None` if it is not in our form.
    pub(crate) fn read(sealed: &Sealed) -> Option<Self> {
        if sealed.0.len() > MAX_TEXT {
            return None;
        }
        let mut parts = sealed.0.split('.');
        let (Some(FORM), Some(key), Some(body), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let encrypted_key = BASE64URL_NOPAD.decode(key.as_bytes()).ok()?;
        let body = BASE64URL_NOPAD.decode(body.as_bytes()).ok()?;
        let (nonce, ciphertext) = body.split_first_chunk::<NONCE>()?;
        let fits = (1..=MAX_ENCRYPTED).contains(&encrypted_key.len()) && ciphertext.len() >= TAG;
        fits.then(|| Self {
            nonce: *nonce,
            ciphertext: ciphertext.to_vec(),
            encrypted_key,
        })
    }

    /// Opens it; `None` if it was altered or belongs to another context.
    pub(crate) fn open(&self, key: &[u8; LENGTH], context: &EncryptionContext) -> Option<Zeroizing<Vec<u8>>> {
        let aad = bound_to(context, &self.encrypted_key);
        let payload = Payload {
            msg: &self.ciphertext,
            aad: &aad,
        };
        let opened = cipher(key).decrypt(&XNonce::from(self.nonce), payload);
        opened.ok().map(Zeroizing::new)
    }
}

/// Seals with a data key. `None` only if the cipher refuses the length.
pub(crate) fn seal(
    key: &DataKey,
    nonce: [u8; NONCE],
    plain: &[u8],
    context: &EncryptionContext,
) -> Option<Sealed> {
    let aad = bound_to(context, &key.encrypted);
    let payload = Payload {
        msg: plain,
        aad: &aad,
    };
    let ciphertext = cipher(&key.plain).encrypt(&XNonce::from(nonce), payload).ok()?;
    let body = [nonce.as_slice(), &ciphertext].concat();
    Some(Sealed(format!(
        "{FORM}.{}.{}",
        BASE64URL_NOPAD.encode(&key.encrypted),
        BASE64URL_NOPAD.encode(&body)
    )))
}

fn cipher(key: &[u8; LENGTH]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

/// The context and then the encrypted key, preceded by its length, so that no two pairs give the same bytes.
fn bound_to(context: &EncryptionContext, encrypted_key: &[u8]) -> Vec<u8> {
    let mut bytes = context.canonical();
    bytes.extend_from_slice(&(encrypted_key.len() as u64).to_be_bytes());
    bytes.extend_from_slice(encrypted_key);
    bytes
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Made once by this very code: the form is a promise to every later version.
    const KNOWN: &str =
        "m1.ZW5jcnlwdGVkIGJ5IEtNUw.QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXtU1xEbOLWXf71OPf2PI8QvCmPfBIoeYdmSQQaJu4";

    fn key() -> DataKey {
        DataKey {
            plain: Arc::new(Zeroizing::new(std::array::from_fn(|at| {
                u8::try_from(at).unwrap()
            }))),
            encrypted: b"encrypted by KMS".to_vec(),
        }
    }

    fn context() -> EncryptionContext {
        EncryptionContext::new("totp").and("account", "usr_1")
    }

    fn sealed() -> String {
        let nonce = std::array::from_fn(|at| u8::try_from(64 + at).unwrap());
        seal(&key(), nonce, b"attack at dawn", &context()).unwrap().0
    }

    fn opened(text: &str, context: &EncryptionContext) -> Option<Zeroizing<Vec<u8>>> {
        Envelope::read(&Sealed(text.to_owned()))?.open(&key().plain, context)
    }

    #[test]
    fn the_form_never_changes() {
        assert_eq!(sealed(), KNOWN);
        assert_eq!(opened(KNOWN, &context()).unwrap().as_slice(), b"attack at dawn");
    }

    #[test]
    fn every_altered_character_keeps_it_shut() {
        let known = sealed();
        for at in 0..known.len() {
            for replacement in ["A", "0", ".", "", "é"] {
                let mut text = known.clone();
                text.replace_range(at..=at, replacement);
                if text != known {
                    assert!(opened(&text, &context()).is_none(), "{text}");
                }
            }
        }
    }

    #[test]
    fn another_context_keeps_it_shut() {
        assert!(opened(&sealed(), &EncryptionContext::new("totp")).is_none());
        assert!(opened(&sealed(), &context().and("device", "1")).is_none());
    }

    #[test]
    fn a_text_that_is_too_long_is_not_read() {
        let long = format!("m1.{}.{}", "A".repeat(MAX_TEXT), "A".repeat(64));
        assert!(Envelope::read(&Sealed(long)).is_none());
    }
}
