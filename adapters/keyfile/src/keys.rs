//! The key manager: a ring of keys that is read again when it meets a key it does not know.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use portcullis_ports::keys::{EncryptionContext, KeyManager, MAX_PLAIN, NOT_OURS, Sealed};
use portcullis_ports::probe::Probe;
use portcullis_ports::{Entropy, Error, Result};
use zeroize::Zeroizing;

use crate::file::{self, KEY_FILE};
use crate::notes;
use crate::ring::{NONCE, Ring, Shut};

/// Seals and opens with the keys of one file.
pub struct Keyfile {
    file: PathBuf,
    entropy: Arc<dyn Entropy>,
    ring: RwLock<Arc<Ring>>,
}

impl Keyfile {
    pub(crate) async fn open_file(file: PathBuf, entropy: Arc<dyn Entropy>) -> Result<Self> {
        let ring = RwLock::new(Arc::new(read(file.clone()).await?));
        Ok(Self { file, entropy, ring })
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over what another process added to the file. A file that lost a key is not taken over.
    async fn read_again(&self) -> Result<Arc<Ring>> {
        let stored = Arc::new(read(self.file.clone()).await?);
        match lost(&self.ring(), &stored) {
            None => {
                *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&stored);
                tracing::info!(file = %self.file.display(), active = stored.active(), "took over the key file");
            }
            Some(id) => tracing::warn!(file = %self.file.display(), key = id, "the key file lost a key"),
        }
        Ok(stored)
    }
}

/// A key of the first ring that the second lacks.
fn lost(known: &Ring, stored: &Ring) -> Option<String> {
    let gone = |id: &&String| !stored.keys().contains_key(*id);
    known.keys().keys().find(gone).cloned()
}

#[async_trait]
impl KeyManager for Keyfile {
    async fn seal(&self, plain: &[u8], context: &EncryptionContext) -> Result<Sealed> {
        if plain.len() > MAX_PLAIN {
            return Err(Error::internal(format!(
                "a sealed secret holds at most {MAX_PLAIN} bytes, not {}",
                plain.len()
            )));
        }
        let mut nonce = [0; NONCE];
        self.entropy.fill(&mut nonce)?;
        self.ring()
            .seal(nonce, plain, context)
            .ok_or_else(|| Error::internal("the cipher refused to seal"))
    }

    async fn open(&self, sealed: &Sealed, context: &EncryptionContext) -> Result<Zeroizing<Vec<u8>>> {
        let opened = match self.ring().open(sealed, context) {
            Err(Shut::UnknownKey(_)) => self.read_again().await?.open(sealed, context),
            known => known,
        };
        opened.map_err(|shut| {
            NOT_OURS
                .error()
                .with_context("file", self.file.display().to_string())
                .with_context("why", shut.to_string())
        })
    }

    async fn note_store(&self, store: &str) -> Result<()> {
        let (file, store) = (self.file.clone(), store.to_owned());
        apart(move || notes::add(&file, &store)).await
    }

    async fn store_note(&self, store: &str) -> Result<Option<String>> {
        let (file, store) = (self.file.clone(), store.to_owned());
        let found = apart(move || notes::find(&file, &store)).await?;
        Ok(found.map(|path| path.display().to_string()))
    }
}

#[async_trait]
impl Probe for Keyfile {
    async fn check(&self) -> Result<String> {
        let stored = read(self.file.clone()).await?;
        let known = self.ring();
        if let Some(id) = lost(&known, &stored) {
            return Err(KEY_FILE.with_detail(format!(
                "the key {id} has gone from {}: put back a copy of the file that has it, or what it sealed is lost \
                 at the next start",
                self.file.display()
            )));
        }
        Ok(format!(
            "{} keys in {}, {} is active",
            stored.keys().len(),
            self.file.display(),
            known.active()
        ))
    }
}

async fn read(file: PathBuf) -> Result<Ring> {
    apart(move || file::read(&file)).await
}

/// Does what may block where it may.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal("work on the key file was cut short").with_source(error))?
}
