//! The keys of a deployment: made, lost, rotated, revoked, read again.

use std::sync::Mutex;

use async_trait::async_trait;
use portcullis_ports::keys::{EncryptionContext, Sealed};
use portcullis_ports::testkit::{FakeClock, FakeEntropy, MemoryStore};

use super::*;
use crate::foundation::testing::PlainKeys;

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
