//! The root secret of a deployment: made once, sealed by the key manager, shared through the store, never leaving it bare.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use portcullis_ports::keys::{EncryptionContext, KeyManager, Sealed};
use portcullis_ports::storage::{Collection, RecordStore, STORE_LOST};
use portcullis_ports::{Clock, Entropy, Error, Result};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::fingerprint::fingerprint;
use crate::foundation::sealed_texts::SealedTexts;
use crate::foundation::sealed_texts::kind;
use crate::foundation::table::{Batch, Stored, Table, retry_on_conflict};

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        Family::new(KEYRING, Personal::Nobody, &[shape::<RootSecret>("root secret")])
            .sealed(kind::<RootSecret>()),
    ],
    problems: &[],
    texts: &[],
};

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
    /// Whether the heads of all histories are signed. The secret is sealed for that, so that nobody can take it back who
    /// does not hold a copy of the record from before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    signs_all_histories: bool,
    /// The SHA-256 of the sealed text from before that, in hexadecimal, by which a backup is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
}

impl RootSecret {
    fn context(&self) -> EncryptionContext {
        context(self.signs_all_histories)
    }

    async fn open(&self, keys: &dyn KeyManager) -> Result<Zeroizing<Vec<u8>>> {
        keys.open(&self.sealed, &self.context()).await
    }

    /// Whether both hold the same secret, sealed at the same time.
    fn is_of_one_sealing(&self, other: &Self) -> bool {
        let follows = |one: &Self, other: &Self| one.before == Some(fingerprint(&other.sealed.0));
        self.sealed == other.sealed || follows(self, other) || follows(other, self)
    }
}

impl Stored for RootSecret {
    const COLLECTION: Collection = KEYRING;

    fn key(&self) -> (String, String) {
        ("root".into(), "1".into())
    }
}

impl SealedTexts for RootSecret {
    fn sealed_texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)> {
        vec![(self.context(), &mut self.sealed)]
    }
}

fn context(signs_all_histories: bool) -> EncryptionContext {
    let context = EncryptionContext::new("keyring-root");
    if signs_all_histories {
        context.and("histories", "signed")
    } else {
        context
    }
}

/// Checks that these keys open the root secret of a store, which every start needs. A store without one is new: nothing
/// is made here.
///
/// # Errors
/// Whatever store or key manager answer.
pub async fn check_root_secret(store: &Arc<dyn RecordStore>, keys: &dyn KeyManager) -> Result<()> {
    let found = Table::<RootSecret>::new(store).find("root", "1").await?;
    if let Some(found) = found {
        found.open(keys).await?;
    }
    Ok(())
}

/// Whether two stores hold the same root secret, sealed at the same time: whatever was made with it in one then counts in
/// the other.
pub(crate) async fn has_same_root_secret(
    one: &Arc<dyn RecordStore>,
    other: &Arc<dyn RecordStore>,
) -> Result<bool> {
    let one = Table::<RootSecret>::new(one).find("root", "1").await?;
    let other = Table::<RootSecret>::new(other).find("root", "1").await?;
    Ok(match (one, other) {
        (Some(one), Some(other)) => one.is_of_one_sealing(&other),
        _ => false,
    })
}

/// What a store holds of the deployment that its keys belong to.
enum State {
    /// The root secret.
    InUse(RootSecret),
    /// Nothing yet.
    Empty,
    /// Nothing any more.
    Lost(Error),
}

/// Asks the keys before the store: another node that starts for the first time at this moment notes the store only
/// after it has written the root secret.
async fn state(store: &Arc<dyn RecordStore>, name: &str, keys: &dyn KeyManager) -> Result<State> {
    let note = keys.store_note(name).await?;
    Ok(match (Table::<RootSecret>::new(store).find("root", "1").await?, note) {
        (Some(found), _) => State::InUse(found.value),
        (None, None) => State::Empty,
        (None, Some(place)) => State::Lost(STORE_LOST.with_detail(format!(
            "{name} is empty, although {place} says that it holds what these keys sealed. Is its disk mounted, and is \
             this its folder or table? Bring it back, or restore a backup. To begin anew without the accounts that it \
             held, delete {place} and start again."
        ))),
    })
}

/// Whether a store is still empty, as it is before the first start of a deployment.
///
/// # Errors
/// [`STORE_LOST`] if it is empty although the keys were used with it; whatever store and keys answer.
pub async fn is_unused(store: &Arc<dyn RecordStore>, name: &str, keys: &dyn KeyManager) -> Result<bool> {
    match state(store, name, keys).await? {
        State::InUse(_) => Ok(false),
        State::Empty => Ok(true),
        State::Lost(error) => Err(error),
    }
}

/// Makes message authentication codes, each purpose with a key of its own.
pub(crate) struct Keyring {
    root: Hkdf<Sha256>,
    /// By purpose, the state after the key went in: deriving it costs more than using it.
    keyed: RwLock<HashMap<&'static str, Hmac<Sha256>>>,
    signs_all_histories: AtomicBool,
}

impl Keyring {
    /// Opens the deployment's root secret, or makes it if this is the first start of all nodes. The store comes with its
    /// name.
    ///
    /// # Errors
    /// [`STORE_LOST`] if there is none although the keys were used with this store; whatever store and keys answer.
    pub(crate) async fn open(
        (store, name): (&Arc<dyn RecordStore>, &str),
        keys: &dyn KeyManager,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self> {
        let (root, signed) = retry_on_conflict(clock, || async {
            match state(store, name, keys).await? {
                State::InUse(found) => return Ok((found.open(keys).await?, found.signs_all_histories)),
                State::Lost(error) => return Err(error),
                State::Empty => {}
            }
            let mut fresh = Zeroizing::new(vec![0; 32]);
            entropy.fill(&mut fresh)?;
            let mut batch = Batch::default();
            batch.insert(&RootSecret {
                sealed: keys.seal(&fresh, &context(true)).await?,
                signs_all_histories: true,
                before: None,
            })?;
            batch.commit(store.as_ref()).await?;
            Ok((fresh, true))
        })
        .await?;
        if let Err(error) = keys.note_store(name).await {
            // Such as a key file in a folder that is mounted read-only.
            tracing::info!(
                ?error,
                "the keys keep no note of the store: its loss would look like a first start"
            );
        }
        let keyring = Self::of(&root);
        keyring.signs_all_histories.store(signed, Ordering::Relaxed);
        Ok(keyring)
    }

    /// The keyring of a root secret.
    pub(crate) fn of(root: &[u8]) -> Self {
        Self {
            root: Hkdf::new(None, root),
            keyed: RwLock::default(),
            signs_all_histories: AtomicBool::new(false),
        }
    }

    /// Whether the head of every history is signed, so that one without a signature is forged.
    pub(crate) fn signs_all_histories(&self) -> bool {
        self.signs_all_histories.load(Ordering::Relaxed)
    }

    /// Demands from now on that the head of every history is signed. Other nodes demand it from their next start on.
    ///
    /// # Errors
    /// Whatever store and keys answer, also if the root secret was sealed anew at this moment: then it is as before.
    pub(crate) async fn require_signed_histories(
        &self,
        store: &Arc<dyn RecordStore>,
        keys: &dyn KeyManager,
    ) -> Result<()> {
        let found = Table::<RootSecret>::new(store).find("root", "1").await?;
        let read = found.ok_or_else(|| Error::internal("the root secret is gone"))?;
        if !read.signs_all_histories {
            let plain = read.open(keys).await?;
            let mut batch = Batch::default();
            let signing = RootSecret {
                sealed: keys.seal(&plain, &context(true)).await?,
                signs_all_histories: true,
                before: Some(fingerprint(&read.sealed.0)),
            };
            batch.replace(&read, &signing)?;
            batch.commit(store.as_ref()).await?;
        }
        self.signs_all_histories.store(true, Ordering::Relaxed);
        Ok(())
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
    use std::sync::Mutex;

    use async_trait::async_trait;
    use portcullis_ports::testkit::{FakeClock, FakeEntropy, MemoryStore};
    use proptest::prelude::*;

    use super::*;
    use crate::testing::PlainKeys;

    /// Keeps notes in memory.
    #[derive(Default)]
    struct NotingKeys(Mutex<Vec<String>>);

    #[async_trait]
    impl KeyManager for NotingKeys {
        async fn seal(&self, plain: &[u8], context: &EncryptionContext) -> Result<Sealed> {
            PlainKeys.seal(plain, context).await
        }

        async fn open(&self, sealed: &Sealed, context: &EncryptionContext) -> Result<Zeroizing<Vec<u8>>> {
            PlainKeys.open(sealed, context).await
        }

        async fn note_store(&self, store: &str) -> Result<()> {
            self.0.lock().unwrap().push(store.to_owned());
            Ok(())
        }

        async fn store_note(&self, store: &str) -> Result<Option<String>> {
            let noted = self.0.lock().unwrap().iter().any(|noted| noted == store);
            Ok(noted.then(|| "keys.toml.stores".to_owned()))
        }
    }

    #[tokio::test]
    async fn a_store_that_is_empty_beside_keys_that_were_used_with_it_is_lost() {
        let clock = Arc::new(FakeClock::default());
        let empty = || Arc::new(MemoryStore::new(clock.clone())) as Arc<dyn RecordStore>;
        let keys = NotingKeys::default();
        let entropy = FakeEntropy::default();
        let first = empty();
        assert!(is_unused(&first, "store.main", &keys).await.unwrap());
        let open = async |store: &Arc<dyn RecordStore>, name: &str| {
            Keyring::open((store, name), &keys, clock.as_ref(), &entropy).await
        };
        open(&first, "store.main").await.unwrap();
        assert!(!is_unused(&first, "store.main", &keys).await.unwrap());
        open(&first, "store.main").await.unwrap();
        // Its disk is gone.
        let lost = open(&empty(), "store.main").await.err().unwrap();
        assert_eq!(lost.code(), STORE_LOST);
        assert!(
            lost.detail().contains("delete keys.toml.stores"),
            "{}",
            lost.detail()
        );
        assert_eq!(
            is_unused(&empty(), "store.main", &keys).await.unwrap_err().code(),
            STORE_LOST
        );
        // Another store with the same keys is a first start.
        open(&empty(), "store.other").await.unwrap();
    }

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
