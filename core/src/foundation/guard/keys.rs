//! A key manager behind its guard. Sealing and opening change nothing outside, so both may be repeated.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::keys::{EncryptionContext, KEYS_UNAVAILABLE, KeyManager, Sealed};
use zeroize::Zeroizing;

use super::Guard;

pub(crate) struct GuardedKeys {
    pub(crate) inner: Arc<dyn KeyManager>,
    pub(crate) guard: Guard,
}

impl GuardedKeys {
    async fn call<T, F>(&self, operation: &'static str, call: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        self.guard.run_idempotent(operation, KEYS_UNAVAILABLE, call).await
    }
}

#[async_trait]
impl KeyManager for GuardedKeys {
    async fn seal(&self, plain: &[u8], context: &EncryptionContext) -> Result<Sealed> {
        self.call("seal", || self.inner.seal(plain, context)).await
    }

    async fn open(&self, sealed: &Sealed, context: &EncryptionContext) -> Result<Zeroizing<Vec<u8>>> {
        self.call("open", || self.inner.open(sealed, context)).await
    }

    async fn note_store(&self, store: &str) -> Result<()> {
        self.call("note", || self.inner.note_store(store)).await
    }

    async fn store_note(&self, store: &str) -> Result<Option<String>> {
        self.call("note", || self.inner.store_note(store)).await
    }
}
