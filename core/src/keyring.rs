//! The root secret of a deployment: made once, sealed by the key manager, shared through the store, never leaving it bare.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use portcullis_ports::keys::{Context, KeyManager, Sealed};
use portcullis_ports::storage::{Collection, RecordStore};
use portcullis_ports::{Clock, Entropy, Error, Result};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::resealing::SealedTexts;
use crate::table::{Batch, Stored, Table, retry_on_conflict};

/// Where the sealed root secret lies.
pub(crate) const KEYRING: Collection = Collection {
    name: "keyring",
    table: "keyring",
    variable: "KEYRING_TABLE_NAME",
};

/// The root secret as it lies in the store.
#[derive(Serialize, Deserialize)]
pub(crate) struct RootSecret {
    sealed: Sealed,
}

impl Stored for RootSecret {
    const COLLECTION: Collection = KEYRING;

    fn key(&self) -> (String, String) {
        ("root".into(), "1".into())
    }
}

impl SealedTexts for RootSecret {
    fn sealed_texts(&mut self) -> Vec<(Context, &mut Sealed)> {
        vec![(context(), &mut self.sealed)]
    }
}

fn context() -> Context {
    Context::new("keyring-root")
}

/// Checks that these keys open the root secret of a store, which every start needs. A store without one is new: nothing
/// is made here.
///
/// # Errors
/// Whatever store or key manager answer.
pub async fn check_root_secret(store: &Arc<dyn RecordStore>, keys: &dyn KeyManager) -> Result<()> {
    let found = Table::<RootSecret>::new(store).find("root", "1").await?;
    if let Some(found) = found {
        keys.open(&found.sealed, &context()).await?;
    }
    Ok(())
}

/// Makes message authentication codes, each purpose with a key of its own.
pub(crate) struct Keyring {
    root: Hkdf<Sha256>,
    /// By purpose, the state after the key went in: deriving it costs more than using it.
    keyed: RwLock<HashMap<&'static str, Hmac<Sha256>>>,
}

impl Keyring {
    /// Opens the deployment's root secret, or makes it if this is the first start of all nodes.
    pub(crate) async fn open(
        store: &Arc<dyn RecordStore>,
        keys: &dyn KeyManager,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self> {
        let context = context();
        let table = Table::<RootSecret>::new(store);
        let root = retry_on_conflict(clock, || async {
            if let Some(found) = table.find("root", "1").await? {
                return keys.open(&found.sealed, &context).await;
            }
            let mut fresh = Zeroizing::new(vec![0; 32]);
            entropy.fill(&mut fresh)?;
            let mut batch = Batch::default();
            batch.insert(&RootSecret {
                sealed: keys.seal(&fresh, &context).await?,
            })?;
            batch.commit(store.as_ref()).await?;
            Ok(fresh)
        })
        .await?;
        Ok(Self::of(&root))
    }

    /// The keyring of a root secret.
    pub(crate) fn of(root: &[u8]) -> Self {
        Self {
            root: Hkdf::new(None, root),
            keyed: RwLock::default(),
        }
    }

    /// A code over `parts` that nobody without the root secret can make; each part is bound to its place.
    pub(crate) fn mac(&self, purpose: &'static str, parts: &[impl AsRef<[u8]>]) -> Result<[u8; 32]> {
        let mut mac = self.keyed(purpose)?;
        for part in parts.iter().map(AsRef::as_ref) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Ok(mac.finalize().into_bytes().into())
    }

    fn keyed(&self, purpose: &'static str) -> Result<Hmac<Sha256>> {
        let known = self.keyed.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(mac) = known.get(purpose) {
            return Ok(mac.clone());
        }
        drop(known);
        let mut key = Zeroizing::new([0; 32]);
        self.root
            .expand(purpose.as_bytes(), key.as_mut_slice())
            .map_err(|error| Error::internal(format!("key derivation: {error}")))?;
        let mac = Hmac::<Sha256>::new_from_slice(key.as_slice())
            .map_err(|error| Error::internal(format!("key length: {error}")))?;
        let mut known = self.keyed.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(purpose, mac.clone());
        Ok(mac)
    }

    /// The same in URL-safe text, for credentials.
    pub(crate) fn mac_text(&self, purpose: &'static str, parts: &[&str]) -> Result<String> {
        Ok(BASE64URL_NOPAD.encode(&self.mac(purpose, parts)?))
    }

    /// The same in hexadecimal, for record keys that must not show what they name.
    pub(crate) fn pseudonym(&self, purpose: &'static str, parts: &[&str]) -> Result<String> {
        Ok(HEXLOWER.encode(&self.mac(purpose, parts)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_code_depends_on_every_part_its_place_and_the_purpose(a in ".{0,12}", b in ".{0,12}", c in ".{0,12}") {
            let keyring = Keyring::of(b"root");
            let code = keyring.mac("purpose", &[&a, &b]).unwrap();
            prop_assert_eq!(code, keyring.mac("purpose", &[&a, &b]).unwrap());
            prop_assert_ne!(code, keyring.mac("another", &[&a, &b]).unwrap());
            prop_assert_ne!(code, Keyring::of(b"other").mac("purpose", &[&a, &b]).unwrap());
            prop_assert_ne!(code, keyring.mac("purpose", &[&format!("{a}{b}")]).unwrap());
            if b != c {
                prop_assert_ne!(code, keyring.mac("purpose", &[&a, &c]).unwrap());
            }
        }
    }
}
