//! What all areas stand on: store, keys, time, randomness, the root secret and the settings of one deployment.

use std::sync::Arc;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use event_listener::Event;
use portcullis_ports::keys::KeyManager;
use portcullis_ports::passwords::PasswordHasher;
use portcullis_ports::storage::{RecordStore, STORE_CONFLICT};
use portcullis_ports::{Clock, Entropy, Result, Timestamp};
use sha2::{Digest, Sha256};

use crate::keyring::Keyring;
use crate::recall::Recall;
use crate::settings::Settings;
use crate::table::{Batch, Stored, Table, retry_on_conflict};

/// One deployment. Shared by all services of all areas.
pub(crate) struct Deployment {
    pub(crate) store: Arc<dyn RecordStore>,
    pub(crate) keys: Arc<dyn KeyManager>,
    pub(crate) hasher: Arc<dyn PasswordHasher>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) keyring: Keyring,
    pub(crate) recall: Recall,
    pub(crate) settings: Settings,
    /// Rings when a message was queued by this process.
    pub(crate) mail: Event,
}

impl Deployment {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn table<T: Stored>(&self) -> Table<T> {
        Table::new(&self.store)
    }

    /// Does a batch, and wakes the delivery if it queued a message.
    pub(crate) async fn commit(&self, mut batch: Batch) -> Result<()> {
        let mail = batch.mail;
        let changed = std::mem::take(&mut batch.changed);
        let refreshed = std::mem::take(&mut batch.refreshed);
        if let Some(announcement) = self.recall.announcement(&changed, self.entropy.as_ref())? {
            batch.insert(&announcement)?;
        }
        let doubt = self.recall.doubt(changed.into_iter().chain(refreshed).collect());
        let done = batch.commit(self.store.as_ref()).await;
        match &done {
            Err(error) if error.code() != STORE_CONFLICT => drop(doubt),
            _ => doubt.settle(),
        }
        done?;
        if mail {
            self.mail.notify(usize::MAX);
        }
        Ok(())
    }

    /// Runs a use case again while others change the same records.
    pub(crate) async fn retried<T, F>(&self, attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        retry_on_conflict(self.clock.as_ref(), attempt).await
    }

    /// 256 unpredictable bits in URL-safe text.
    pub(crate) fn random_text(&self) -> Result<String> {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        self.entropy.fill(bytes.as_mut_slice())?;
        Ok(BASE64URL_NOPAD.encode(bytes.as_slice()))
    }

    /// Six decimal digits, each combination equally likely.
    pub(crate) fn random_code(&self) -> Result<String> {
        const RANGE: u32 = 1_000_000;
        loop {
            let mut bytes = [0; 4];
            self.entropy.fill(&mut bytes)?;
            let drawn = u32::from_be_bytes(bytes);
            if drawn < u32::MAX - u32::MAX % RANGE {
                return Ok(format!("{:06}", drawn % RANGE));
            }
        }
    }
}

/// SHA-256 in hexadecimal: how credentials with full entropy are stored.
pub(crate) fn fingerprint(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}
