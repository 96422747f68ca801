//! How the keys lie in the store: the root secret and the signing keys, each sealed for itself.

use portcullis_ports::keys::{EncryptionContext, KeyManager, Sealed};
use portcullis_ports::storage::{Collection, RecordStore};
use portcullis_ports::{Entropy, Error, Result, Timestamp, id};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

use crate::foundation::fingerprint::fingerprint;
use crate::foundation::sealed_texts::SealedTexts;
use crate::foundation::table::{Batch, Stored, Table, Versioned};

/// Where the sealed keys lie.
pub(crate) const KEYRING: Collection = Collection {
    name: "keyring",
    table: "keyring",
    variable: "KEYRING_TABLE_NAME",
};

/// The id of the first signing key, which is the root secret itself. What names no key was signed with it.
pub(super) const FIRST: &str = "1";
/// The most signing keys that a deployment has: each costs a call to the key manager at every start. A key that leaked is
/// revoked however many there are.
const MOST: usize = 16;
/// How many former sealings a backup is known by.
const SEALINGS: usize = 32;
/// The length of a secret in bytes.
pub(super) const SECRET: usize = 32;

/// The root secret as it lies in the store, with the signing keys beside it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RootSecret {
    sealed: Sealed,
    /// Whether the heads of all histories are signed. The secret is sealed for that, so that nobody can take it back who
    /// does not hold a copy of the record from before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) signs_all_histories: bool,
    /// The SHA-256 of the sealed text from before that, in hexadecimal, by which a backup is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// The SHA-256 of the sealed texts that a re-encryption replaced, in hexadecimal, oldest first: a backup from before it
    /// is known by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former_sealings: Vec<String>,
    /// The signing keys, oldest first. Empty as long as the root secret is the only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<SigningKey>,
}

/// A signing key as it lies in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SigningKey {
    pub(crate) id: String,
    /// Missing for the first, which is the root secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<Sealed>,
    /// Not known of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) made_at: Option<Timestamp>,
    /// Whether nothing counts any more that it signed, except histories.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) revoked: bool,
}

impl RootSecret {
    /// Of a new deployment.
    pub(super) async fn seal(plain: &[u8], keys: &dyn KeyManager) -> Result<Self> {
        Ok(Self {
            sealed: keys.seal(plain, &root_context(true)).await?,
            signs_all_histories: true,
            before: None,
            former_sealings: Vec::new(),
            keys: Vec::new(),
        })
    }

    /// # Errors
    /// Whatever the store answers; `internal` if there is none.
    pub(crate) async fn read(store: &Arc<dyn RecordStore>) -> Result<Versioned<Self>> {
        let found = find(store).await?;
        found.ok_or_else(|| Error::internal("the root secret is gone"))
    }

    pub(super) async fn open(&self, keys: &dyn KeyManager) -> Result<Zeroizing<Vec<u8>>> {
        keys.open(&self.sealed, &root_context(self.signs_all_histories))
            .await
    }

    /// The same secret, sealed for a deployment that signs the heads of all histories.
    pub(super) async fn requiring_signed_histories(&self, keys: &dyn KeyManager) -> Result<Self> {
        let plain = self.open(keys).await?;
        Ok(Self {
            sealed: keys.seal(&plain, &root_context(true)).await?,
            signs_all_histories: true,
            before: Some(fingerprint(&self.sealed.0)),
            former_sealings: self.former_sealings.clone(),
            keys: self.keys.clone(),
        })
    }

    /// The signing keys, oldest first.
    pub(crate) fn signing_keys(&self) -> Vec<SigningKey> {
        if self.keys.is_empty() {
            return vec![SigningKey {
                id: FIRST.to_owned(),
                sealed: None,
                made_at: None,
                revoked: false,
            }];
        }
        self.keys.clone()
    }

    /// Adds a new signing key; with `revoke` nothing counts any more that the former ones signed, except histories. `None`
    /// if there are too many and none is to be revoked.
    pub(crate) async fn rotated(
        &self,
        keys: &dyn KeyManager,
        entropy: &dyn Entropy,
        now: Timestamp,
        revoke: bool,
    ) -> Result<Option<Self>> {
        let mut ring = self.signing_keys();
        if !revoke && ring.len() >= MOST {
            return Ok(None);
        }
        for former in &mut ring {
            former.revoked |= revoke;
        }
        let mut name = [0; 5];
        entropy.fill(&mut name)?;
        let id = id::base32(&name)?;
        if ring.iter().any(|former| former.id == id) {
            return Err(Error::internal("the id of a new signing key is taken"));
        }
        let mut fresh = Zeroizing::new([0; SECRET]);
        entropy.fill(fresh.as_mut_slice())?;
        ring.push(SigningKey {
            sealed: Some(keys.seal(fresh.as_slice(), &key_context(&id)).await?),
            id,
            made_at: Some(now),
            revoked: false,
        });
        Ok(Some(Self {
            keys: ring,
            ..self.clone()
        }))
    }

    /// Leaves out a signing key.
    pub(crate) fn without(&self, id: &str) -> Self {
        let mut keys = self.signing_keys();
        keys.retain(|key| key.id != id);
        Self { keys, ..self.clone() }
    }

    /// Whether both hold the same secret: one is the other's record of an earlier time, or both are of the same one.
    fn is_of_one_origin(&self, other: &Self) -> bool {
        let sealings = self.sealings();
        other.sealings().iter().any(|sealing| sealings.contains(sealing))
    }

    /// What the sealed text is known by, and those that it replaced.
    fn sealings(&self) -> Vec<String> {
        let former = self.former_sealings.iter().chain(&self.before).cloned();
        former.chain([fingerprint(&self.sealed.0)]).collect()
    }
}

impl SigningKey {
    /// Opens the key; `None` for the first, which is the root secret.
    pub(super) async fn open(&self, keys: &dyn KeyManager) -> Result<Option<Zeroizing<Vec<u8>>>> {
        match &self.sealed {
            Some(sealed) => keys.open(sealed, &key_context(&self.id)).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Stored for RootSecret {
    const COLLECTION: Collection = KEYRING;
    /// The first had no signing keys beside it.
    const VERSION: u32 = 2;

    fn key(&self) -> (String, String) {
        ("root".into(), "1".into())
    }
}

impl SealedTexts for RootSecret {
    fn note_former_sealing(&mut self) {
        let sealing = fingerprint(&self.sealed.0);
        self.former_sealings.retain(|former| *former != sealing);
        self.former_sealings.push(sealing);
        let excess = self.former_sealings.len().saturating_sub(SEALINGS);
        self.former_sealings.drain(..excess);
    }

    fn sealed_texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)> {
        let root = (root_context(self.signs_all_histories), &mut self.sealed);
        let keys = self.keys.iter_mut().flat_map(SigningKey::sealed_texts);
        std::iter::once(root).chain(keys).collect()
    }
}

impl SealedTexts for SigningKey {
    fn sealed_texts(&mut self) -> Vec<(EncryptionContext, &mut Sealed)> {
        let context = key_context(&self.id);
        self.sealed
            .iter_mut()
            .map(|sealed| (context.clone(), sealed))
            .collect()
    }
}

fn root_context(signs_all_histories: bool) -> EncryptionContext {
    let context = EncryptionContext::new("keyring-root");
    if signs_all_histories {
        context.and("histories", "signed")
    } else {
        context
    }
}

fn key_context(id: &str) -> EncryptionContext {
    EncryptionContext::new("keyring-signing-key").and("id", id)
}

/// The record of a store, if it has one.
pub(super) async fn find(store: &Arc<dyn RecordStore>) -> Result<Option<Versioned<RootSecret>>> {
    Table::<RootSecret>::new(store).find("root", "1").await
}

/// Gives a restored store the signing keys of the store that it replaces, if both hold the same root secret: whatever was
/// made with it in one then counts in the other. Keys that were retired since the backup come back for the histories in it,
/// and for nothing else. The sealing is the newer one, because what opened the one of the backup may be gone. `false` if the
/// root secrets differ.
pub(crate) async fn take_over_signing_keys(
    restored: &Arc<dyn RecordStore>,
    replaced: &Arc<dyn RecordStore>,
) -> Result<bool> {
    let (Some(backup), Some(newer)) = (find(restored).await?, find(replaced).await?) else {
        return Ok(false);
    };
    if !backup.is_of_one_origin(&newer) {
        return Ok(false);
    }
    let known = newer.signing_keys();
    let mut keys = backup.signing_keys();
    keys.retain(|key| known.iter().all(|known| known.id != key.id));
    for retired in &mut keys {
        retired.revoked = true;
    }
    keys.extend(known);
    let mut merged = RootSecret {
        keys,
        ..backup.value.clone()
    };
    // What the secret is sealed for says whether the histories beside it are signed.
    if backup.signs_all_histories == newer.signs_all_histories && backup.sealed != newer.sealed {
        merged.note_former_sealing();
        merged.sealed = newer.sealed.clone();
    }
    if merged.sealed != backup.sealed || merged.keys != backup.signing_keys() {
        let mut batch = Batch::default();
        batch.replace(&backup, &merged)?;
        batch.commit(restored.as_ref()).await?;
    }
    Ok(true)
}
