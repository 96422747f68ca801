//! The key manager: envelopes around secrets, with as few calls of KMS as the settings allow.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_kms::types::{KeyMetadata, KeyState, KeyUsageType};
use metrics::counter;
use portcullis_ports::keys::{EncryptionContext, KEYS_UNAVAILABLE, KeyManager, MAX_PLAIN, NOT_OURS, Sealed};
use portcullis_ports::plugin::Runtime;
use portcullis_ports::probe::Probe;
use portcullis_ports::{Clock, Entropy, Error, Result, Timestamp};
use quick_cache::sync::Cache;
use zeroize::Zeroizing;

use crate::client::{DECRYPT, DESCRIBE, GENERATE, Kms};
use crate::config::Economy;
use crate::data_key::{DataKey, Plain};
use crate::envelope::{self, Envelope, NONCE};
use crate::error::{KmsError, is_about_the_key};
use crate::sealing::{Sealing, is_fresh};

/// Seals and opens with data keys of KMS.
pub(crate) struct KmsKeys {
    kms: Kms,
    key: String,
    former: Vec<String>,
    economy: Economy,
    sealing: Sealing,
    opened: Cache<Opened, Kept>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// An encrypted data key and the purpose it was made for.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Opened {
    purpose: String,
    encrypted: Vec<u8>,
}

/// A data key in the clear.
#[derive(Clone)]
struct Kept {
    plain: Plain,
    since: Timestamp,
}

impl KmsKeys {
    pub(crate) fn new(
        kms: Kms,
        key: String,
        former: Vec<String>,
        economy: Economy,
        runtime: &Runtime,
    ) -> Self {
        Self {
            kms,
            key,
            former,
            economy,
            sealing: Sealing::new(economy.seals, economy.lifetime.get()),
            opened: Cache::new(economy.opened as usize),
            clock: Arc::clone(&runtime.clock),
            entropy: Arc::clone(&runtime.entropy),
        }
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.key).chain(&self.former).map(String::as_str)
    }

    async fn data_key_to_seal(&self, purpose: &str) -> Result<Arc<DataKey>> {
        let now = self.clock.now();
        let ask = async || self.kms.generate(&self.key, purpose).await;
        let (key, made) = self
            .sealing
            .key(purpose, now, ask)
            .await
            .map_err(|trouble| match trouble {
                // Nothing was given that could be somebody else's.
                KmsError::NotOurs => Error::internal("KMS refuses to make a data key as if to open one"),
                trouble => trouble.into_error(GENERATE, &self.key),
            })?;
        seen("seal", !made);
        if made && !self.economy.lifetime.get().is_zero() {
            // What is sealed here is often opened here soon.
            let name = Opened {
                purpose: purpose.to_owned(),
                encrypted: key.encrypted.clone(),
            };
            let kept = Kept {
                plain: Arc::clone(&key.plain),
                since: now,
            };
            self.opened.insert(name, kept);
        }
        Ok(key)
    }

    async fn data_key_to_open(&self, purpose: &str, encrypted: &[u8]) -> Result<Kept> {
        let lifetime = self.economy.lifetime.get();
        let name = Opened {
            purpose: purpose.to_owned(),
            encrypted: encrypted.to_vec(),
        };
        let now = self.clock.now();
        self.opened
            .remove_if(&name, |kept| !is_fresh(kept.since, now, lifetime));
        // Whoever comes for the same data key meanwhile waits for it.
        let place = match self.opened.get_value_or_guard_async(&name).await {
            Ok(kept) => {
                seen("open", true);
                return Ok(kept);
            }
            Err(place) => place,
        };
        seen("open", false);
        let kept = Kept {
            plain: self.decrypt(purpose, encrypted).await?,
            since: now,
        };
        if !lifetime.is_zero() {
            // Where the place was taken away meanwhile, the next one fetches it again.
            place.insert(kept.clone()).ok();
        }
        Ok(kept)
    }

    /// Asks each key that may have made it. What none of them made is not ours; but where one of them cannot be used,
    /// nobody knows.
    async fn decrypt(&self, purpose: &str, encrypted: &[u8]) -> Result<Plain> {
        let mut unsure = None;
        for key in self.keys() {
            match self.kms.decrypt(key, encrypted, purpose).await {
                Ok(plain) => return Ok(plain),
                Err(KmsError::NotOurs) => {}
                Err(trouble) => {
                    let error = trouble.into_error(DECRYPT, key);
                    if !is_about_the_key(&error) {
                        return Err(error);
                    }
                    unsure.get_or_insert(error);
                }
            }
        }
        Err(unsure.unwrap_or_else(|| KmsError::NotOurs.into_error(DECRYPT, &self.key)))
    }
}

/// Counts whether a data key was at hand.
fn seen(operation: &'static str, hit: bool) {
    let hit = if hit { "yes" } else { "no" };
    counter!("portcullis_kms_data_keys_total", "operation" => operation, "at_hand" => hit).increment(1);
}

/// What KMS is told of a context: the rest of it is bound by the cipher, so that one data key serves many secrets.
fn purpose(context: &EncryptionContext) -> &str {
    let found = context.pairs().find(|(name, _)| *name == "purpose");
    found.map_or("unnamed", |(_, value)| value)
}

#[async_trait]
impl KeyManager for KmsKeys {
    async fn seal(&self, plain: &[u8], context: &EncryptionContext) -> Result<Sealed> {
        if plain.len() > MAX_PLAIN {
            return Err(Error::internal(format!(
                "a sealed secret holds at most {MAX_PLAIN} bytes, not {}",
                plain.len()
            )));
        }
        let mut nonce = [0; NONCE];
        self.entropy.fill(&mut nonce)?;
        let key = self.data_key_to_seal(purpose(context)).await?;
        envelope::seal(&key, nonce, plain, context)
            .ok_or_else(|| Error::internal("the cipher refused to seal"))
    }

    async fn open(&self, sealed: &Sealed, context: &EncryptionContext) -> Result<Zeroizing<Vec<u8>>> {
        let shut = |why: &str| NOT_OURS.error().with_context("why", why);
        let envelope =
            Envelope::read(sealed).ok_or_else(|| shut("the text is not in the form of this key manager"))?;
        let key = self
            .data_key_to_open(purpose(context), &envelope.encrypted_key)
            .await?;
        envelope
            .open(&key.plain, context)
            .ok_or_else(|| shut("the text was altered or belongs to something else"))
    }
}

#[async_trait]
impl Probe for KmsKeys {
    async fn check(&self) -> Result<String> {
        let mut described = Vec::new();
        for key in self.keys() {
            let metadata = self.kms.describe(key).await.map_err(|trouble| {
                let words = format!("{key}: {trouble}");
                let error = trouble.into_error(DESCRIBE, key);
                KEYS_UNAVAILABLE.with_detail(words).with_source(error)
            })?;
            if let Some(problem) = problem(&metadata, key == self.key) {
                return Err(KEYS_UNAVAILABLE.with_detail(format!("{key} {problem}")));
            }
            described.push(format!("{key} is enabled"));
        }
        Ok(described.join(", "))
    }
}

/// What keeps a key from being used, as the end of a sentence.
fn problem(key: &KeyMetadata, seals: bool) -> Option<String> {
    let consequence = if seals {
        "nothing can be sealed or opened"
    } else {
        "what it sealed cannot be opened"
    };
    if key.key_usage() != Some(&KeyUsageType::EncryptDecrypt) {
        let usage = key.key_usage().map_or("unknown", KeyUsageType::as_str);
        return Some(format!(
            "has the usage {usage}: choose a symmetric key with the usage ENCRYPT_DECRYPT"
        ));
    }
    match key.key_state() {
        Some(KeyState::Enabled) => None,
        Some(KeyState::Disabled) => Some(format!("is disabled: {consequence} until it is enabled in KMS")),
        Some(KeyState::PendingDeletion) => Some(format!(
            "is about to be deleted: {consequence}, for ever once it is gone; cancel the deletion in KMS"
        )),
        state => {
            let state = state.map_or("unknown", KeyState::as_str);
            Some(format!("is in the state {state}: {consequence}"))
        }
    }
}
