//! Every linked adapter: what it says of itself, and the suite of its port. None can opt out.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

#[cfg(feature = "dynamodb")]
use portcullis_adapter_dynamodb::emulator::{self, Emulator};
#[cfg(feature = "kms")]
use portcullis_adapter_kms::simulator::KmsSimulator;
use portcullis_adapters as _;
#[cfg(feature = "keyfile")]
use portcullis_adapters::keyfile;
#[cfg(feature = "keyfile")]
use portcullis_ports::Clock;
use portcullis_ports::identity::{ConnectedIdentity, Identity, Subject};
use portcullis_ports::keys::{Keys, KeysCapability};
use portcullis_ports::passwords::Passwords;
use portcullis_ports::plugin::Port;
use portcullis_ports::storage::Storage;
#[cfg(feature = "kms")]
use portcullis_ports::testkit::VendorClient;
use portcullis_ports::testkit::storage::{StoreSubject, SubjectClock};
use portcullis_ports::testkit::{self, FakeClock, FakeRequest, FakeRuntime};
use portcullis_ports::{Result, Timestamp};
use serde_json::{Value, json};

/// Port, plugin and whether its feature is on. Features and plugins have the same names.
const ADAPTERS: &[(&str, &str, bool)] = &[
    (Storage::NAME, "dynamodb", cfg!(feature = "dynamodb")),
    (Storage::NAME, "embedded", cfg!(feature = "embedded")),
    (Keys::NAME, "keyfile", cfg!(feature = "keyfile")),
    (Keys::NAME, "kms", cfg!(feature = "kms")),
    (Passwords::NAME, "argon2id", cfg!(feature = "argon2id")),
    (Identity::NAME, "header", cfg!(feature = "header")),
];

fn no_set_up(port: &str, id: &str) -> ! {
    panic!("the linked plugin {port}.{id} has no test set-up: add one to this file")
}

#[test]
fn every_adapter_is_linked_and_says_all_that_is_asked_of_it() {
    let manifest: toml::Table = include_str!("../Cargo.toml").parse().unwrap();
    let features = manifest["features"].as_table().unwrap().keys();
    let features = features
        .map(String::as_str)
        .filter(|feature| *feature != "default");
    testkit::plugin::facade(ADAPTERS, &features.collect());
}

#[tokio::test]
async fn every_store_conforms() {
    // The smaller emulator: the adapter's own tests run the suite against both.
    #[cfg(feature = "dynamodb")]
    let emulator = Emulator::start(emulator::Kind::Dynoxide);
    for plugin in Storage::plugins() {
        let folder = tempfile::tempdir().unwrap();
        // In the future, so that no emulator removes what is visible by this clock.
        let runtime = FakeRuntime {
            clock: Arc::new(FakeClock::at(Timestamp::from_seconds(4_000_000_000))),
            ..FakeRuntime::default()
        };
        let settings = match plugin.meta.id {
            #[cfg(feature = "dynamodb")]
            "dynamodb" => match &emulator {
                Some(emulator) => json!({ "endpoint": emulator.endpoint(), "create_missing": true }),
                None => continue,
            },
            "embedded" => json!({ "folder": folder.path() }),
            other => no_set_up(Storage::NAME, other),
        };
        let connected = runtime
            .connect::<Storage>(plugin.meta.id, settings)
            .await
            .unwrap();
        let clock = SubjectClock::Fake(Arc::clone(&runtime.clock));
        let subject = StoreSubject::new(&connected, clock);
        if let Err(failure) = testkit::storage::conforms(&subject).await {
            panic!("{}: {failure}", plugin.meta.id);
        }
        connected.probe.check().await.unwrap();
    }
}

/// A key manager that is ready to connect: its settings, and how its key is rotated.
struct KeysSetUp {
    settings: Value,
    rotate: Box<dyn Fn() -> Result<()>>,
}

/// Sets a key manager up in a folder.
type SetUpKeys = fn(&Path, &mut FakeRuntime) -> Result<KeysSetUp>;

const KEYS_SET_UPS: &[(&str, SetUpKeys)] = &[
    #[cfg(feature = "keyfile")]
    ("keyfile", |folder, FakeRuntime { clock, entropy, .. }| {
        let file = folder.join("keys.toml");
        keyfile::create(&file, &**entropy, clock.now())?;
        let (clock, entropy) = (Arc::clone(clock), Arc::clone(entropy));
        Ok(KeysSetUp {
            settings: json!({ "file": file }),
            rotate: Box::new(move || keyfile::rotate(&file, &*entropy, clock.now())),
        })
    }),
    #[cfg(feature = "kms")]
    ("kms", |_, runtime| {
        let kms = Arc::new(KmsSimulator::default());
        runtime.http = Arc::new(VendorClient::new(Arc::clone(&kms)));
        Ok(KeysSetUp {
            settings: json!({ "key": kms.create_key(), "endpoint": "http://127.0.0.1:9" }),
            rotate: Box::new(move || {
                kms.rotate();
                Ok(())
            }),
        })
    }),
];

#[tokio::test]
async fn every_key_manager_conforms() {
    for plugin in Keys::plugins() {
        let folder = tempfile::tempdir().unwrap();
        let mut runtime = FakeRuntime::default();
        let id = plugin.meta.id;
        let Some((_, set_up)) = KEYS_SET_UPS.iter().find(|(of, _)| *of == id) else {
            no_set_up(Keys::NAME, id);
        };
        let KeysSetUp { settings, rotate } = set_up(folder.path(), &mut runtime).unwrap();
        let connect = async || runtime.connect::<Keys>(id, settings.clone()).await.unwrap();
        let connected = connect().await;
        testkit::keys::conforms(&*connected.keys).await;
        testkit::keys::agree(&*connected.keys, &*connect().await.keys).await;
        if plugin.capabilities.contains(&KeysCapability::Rotation) {
            testkit::keys::survives_rotation(async || connect().await.keys, async || rotate()).await;
        }
        connected.probe.check().await.unwrap();
    }
}

#[tokio::test]
async fn every_password_hasher_conforms() {
    for plugin in Passwords::plugins() {
        let runtime = FakeRuntime::default();
        let id = plugin.meta.id;
        let (settings, other) = match id {
            "argon2id" => (json!({ "memory": "1MiB" }), json!({ "memory": "512KiB" })),
            other => no_set_up(Passwords::NAME, other),
        };
        let connected = runtime.connect::<Passwords>(id, settings).await.unwrap();
        let other = runtime.connect::<Passwords>(id, other).await.unwrap();
        testkit::passwords::conforms(&*connected.hasher).await;
        testkit::passwords::outdates(&*connected.hasher, &*other.hasher).await;
        connected.probe.check().await.unwrap();
    }
}

#[tokio::test]
async fn every_identity_provider_conforms() {
    for plugin in Identity::plugins() {
        let runtime = FakeRuntime::default();
        let id = plugin.meta.id;
        let (settings, known, wrong) = match id {
            "header" => (
                json!({}),
                [(
                    FakeRequest::new().header("x-user-sub", "usr_ada"),
                    Subject::parse("usr_ada").unwrap(),
                )],
                [
                    FakeRequest::new().header("x-user-sub", ""),
                    FakeRequest::new().header("x-user-sub", "two words"),
                ],
            ),
            other => no_set_up(Identity::NAME, other),
        };
        let ConnectedIdentity { provider, probe } = runtime.connect::<Identity>(id, settings).await.unwrap();
        testkit::identity::conforms(&*provider, &*runtime.clock, &known, &wrong).await;
        probe.check().await.unwrap();
    }
}
