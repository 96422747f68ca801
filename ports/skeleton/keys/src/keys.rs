//! The port: secrets are sealed and opened at Acme.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::keys::{
    ConnectedKeys, EncryptionContext, KEYS_UNAVAILABLE, KeyManager, Keys, Sealed, Zeroizing,
};
use portcullis_ports::{Error, Result};
use serde_json::json;

use crate::client::Client;

/// Seals at Acme.
struct AcmeKeys(Arc<Client>);

pub(crate) fn connected(client: Arc<Client>) -> ConnectedKeys {
    ConnectedKeys {
        keys: Arc::new(AcmeKeys(Arc::clone(&client))),
        probe: client,
    }
}

fn unavailable(error: Error) -> Error {
    KEYS_UNAVAILABLE.error().with_source(error)
}

#[async_trait]
impl KeyManager for AcmeKeys {
    async fn seal(&self, plain: &[u8], context: &EncryptionContext) -> Result<Sealed> {
        let context: BTreeMap<_, _> = context.pairs().collect();
        let question = json!({ "plain": plain, "context": context });
        self.0.ask("/seal", &question).await.map_err(unavailable)
    }

    async fn open(&self, sealed: &Sealed, context: &EncryptionContext) -> Result<Zeroizing<Vec<u8>>> {
        let context: BTreeMap<_, _> = context.pairs().collect();
        let question = json!({ "sealed": sealed, "context": context });
        // What Acme refuses to open has to become `NOT_OURS`.
        let plain: Vec<u8> = self.0.ask("/open", &question).await.map_err(unavailable)?;
        Ok(plain.into())
    }
}

portcullis_ports::set_up!(Keys, "acme", |_folder| {
    SetUp::new(crate::simulator::settings(), None).asking(Arc::new(crate::simulator::Simulator))
});
