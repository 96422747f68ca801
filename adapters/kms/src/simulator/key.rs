//! One key of the stand-in: its material, how it stands, and what it encrypts.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde_json::{Value, json};

/// The region of every key.
pub const REGION: &str = "eu-central-1";
const ACCOUNT: &str = "111122223333";
const NONCE: usize = 24;

/// How a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCondition {
    /// It can be used.
    Enabled,
    /// It was disabled.
    Disabled,
    /// It will be deleted.
    PendingDeletion,
    /// It signs and does not encrypt.
    ForSigning,
    /// The caller may not use it.
    Denied,
}

pub(super) struct SimulatedKey {
    /// The newest encrypts; each decrypts what it encrypted.
    pub(super) materials: Vec<[u8; 32]>,
    pub(super) condition: KeyCondition,
}

impl SimulatedKey {
    pub(super) fn new(material: [u8; 32]) -> Self {
        Self {
            materials: vec![material],
            condition: KeyCondition::Enabled,
        }
    }

    /// Length of the id, the id, the number of the material, the nonce, the ciphertext.
    pub(super) fn encrypt(
        &self,
        id: &str,
        nonce: [u8; NONCE],
        plain: &[u8],
        context: &[u8],
    ) -> Option<Vec<u8>> {
        let number = self.materials.len().checked_sub(1)?;
        let payload = Payload {
            msg: plain,
            aad: context,
        };
        let material = self.materials.get(number)?;
        let ciphertext = cipher(material).encrypt(&XNonce::from(nonce), payload).ok()?;
        let mut blob = vec![u8::try_from(id.len()).ok()?];
        blob.extend_from_slice(id.as_bytes());
        blob.push(u8::try_from(number).ok()?);
        blob.extend_from_slice(&nonce);
        blob.extend_from_slice(&ciphertext);
        Some(blob)
    }

    /// Whose ciphertext it claims to be.
    pub(super) fn maker(blob: &[u8]) -> Option<String> {
        let (length, rest) = blob.split_first()?;
        String::from_utf8(rest.get(..usize::from(*length))?.to_vec()).ok()
    }

    pub(super) fn decrypt(&self, id: &str, blob: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let (number, rest) = blob.get(1 + id.len()..)?.split_first()?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>()?;
        let payload = Payload {
            msg: ciphertext,
            aad: context,
        };
        let material = self.materials.get(usize::from(*number))?;
        cipher(material).decrypt(&XNonce::from(*nonce), payload).ok()
    }

    pub(super) fn described(&self, id: &str) -> Value {
        let (state, usage) = match self.condition {
            KeyCondition::Disabled => ("Disabled", "ENCRYPT_DECRYPT"),
            KeyCondition::PendingDeletion => ("PendingDeletion", "ENCRYPT_DECRYPT"),
            KeyCondition::ForSigning => ("Enabled", "SIGN_VERIFY"),
            KeyCondition::Enabled | KeyCondition::Denied => ("Enabled", "ENCRYPT_DECRYPT"),
        };
        json!({
            "AWSAccountId": ACCOUNT,
            "KeyId": id,
            "Arn": arn(id),
            "Enabled": state == "Enabled",
            "KeyState": state,
            "KeyUsage": usage,
        })
    }
}

fn cipher(material: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(material.into())
}

pub(super) fn arn(id: &str) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}")
}

/// The id or the alias in a name, without what stands before it in an ARN.
pub(super) fn bare(name: &str) -> &str {
    let last = name.rsplit(':').next().unwrap_or(name);
    last.strip_prefix("key/").unwrap_or(last)
}
