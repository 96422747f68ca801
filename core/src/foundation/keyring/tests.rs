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

/// A ring with these keys; each may be revoked. The last one signs.
fn ring(keys: &[(&str, bool)]) -> Keyring {
    let keyring = Keyring::of(b"root");
    let open = |(id, revoked): &(&str, bool)| OpenKey {
        id: (*id).into(),
        derived: Arc::new(DerivedKeys::of(id.as_bytes())),
        known_since: Timestamp::from_millis(0),
        revoked: *revoked,
    };
    let ring = Ring {
        version: None,
        keys: keys.iter().map(open).collect(),
        current: 0,
        signs_all_histories: false,
    };
    keyring.set(ring.at(FakeClock::default().now()));
    keyring
}

#[test]
fn a_code_names_its_key_and_counts_as_long_as_that_is_neither_revoked_nor_retired() {
    let parts = ["a", "b"];
    let before = ring(&[("one", false)]);
    let codes = [
        before.sign("test", &parts).unwrap(),
        before.sign_hex("test", &parts).unwrap(),
    ];
    let verdicts = |keyring: &Keyring| {
        codes.clone().map(|code| {
            assert!(code.starts_with("one."), "{code}");
            let counts = keyring.verify("test", &parts, &code).unwrap();
            (counts, keyring.verify_history("test", &parts, &code).unwrap())
        })
    };
    assert_eq!(verdicts(&before), [(true, true); 2]);
    let rotated = ring(&[("one", false), ("two", false)]);
    assert_eq!(verdicts(&rotated), [(true, true); 2]);
    assert!(rotated.sign("test", &parts).unwrap().starts_with("two."));
    assert_eq!(
        verdicts(&ring(&[("one", true), ("two", false)])),
        [(false, true); 2]
    );
    assert_eq!(verdicts(&ring(&[("two", false)])), [(false, false); 2]);
    for (purpose, parts, code) in [
        ("other", ["a", "b"], codes[0].as_str()),
        ("test", ["a", "c"], codes[0].as_str()),
        ("test", parts, ""),
        ("test", parts, "one."),
        (
            "test",
            parts,
            codes[0].strip_suffix(char::is_alphanumeric).unwrap(),
        ),
        ("test", parts, codes[0].trim_start_matches("one.")),
        ("test", parts, &codes[0].replace("one.", "two.")),
    ] {
        assert!(
            !rotated.verify(purpose, &parts, code).unwrap(),
            "{purpose} {parts:?} {code}"
        );
    }
}

#[test]
fn names_of_records_do_not_depend_on_signing_keys() {
    let name = |keyring: &Keyring| keyring.pseudonym("test", &["a"]).unwrap();
    let first = name(&ring(&[("one", false)]));
    assert_eq!(first, name(&ring(&[("one", true), ("two", false)])));
    assert_eq!(first, name(&Keyring::of(b"root")));
}
