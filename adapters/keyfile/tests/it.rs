//! The key file on a real disk: creation, rotation, refusal of what is unsafe, and silence about keys.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use portcullis_adapter_keyfile::{create, rotate};
use portcullis_ports::error::Kind;
use portcullis_ports::id::MessageId;
use portcullis_ports::keys::{ConnectedKeys, EncryptionContext, Keys, NOT_OURS, Sealed};
use portcullis_ports::plugin::Port;
use portcullis_ports::testkit::FakeRuntime;
use portcullis_ports::{Clock, Error, Result};
use serde_json::json;
use tempfile::TempDir;

struct House {
    folder: TempDir,
    runtime: FakeRuntime,
}

impl House {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            runtime: FakeRuntime::default(),
        }
    }

    fn with_keys() -> Self {
        let house = Self::new();
        house.create().unwrap();
        house
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("keys.toml")
    }

    fn create(&self) -> Result<()> {
        create(&self.file(), &*self.runtime.entropy, self.runtime.clock.now())
    }

    fn rotate(&self) -> Result<()> {
        rotate(&self.file(), &*self.runtime.entropy, self.runtime.clock.now())
    }

    async fn connect(&self) -> Result<ConnectedKeys> {
        let settings = json!({ "file": self.file() });
        self.runtime.connect::<Keys>("keyfile", settings).await
    }

    async fn refusal(&self) -> Error {
        self.connect().await.err().expect("the file is accepted")
    }

    fn write(&self, text: &str) {
        fs::write(self.file(), text).unwrap();
        fs::set_permissions(self.file(), Permissions::from_mode(0o600)).unwrap();
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

fn context() -> EncryptionContext {
    EncryptionContext::new("totp").and("account", "usr_1")
}

async fn seal(keys: &ConnectedKeys, plain: &str) -> Sealed {
    keys.keys.seal(plain.as_bytes(), &context()).await.unwrap()
}

async fn opens(keys: &ConnectedKeys, sealed: &Sealed, plain: &str) -> bool {
    let opened = keys.keys.open(sealed, &context()).await;
    opened.is_ok_and(|bytes| bytes.as_slice() == plain.as_bytes())
}

fn key_id(sealed: &Sealed) -> &str {
    sealed.0.split('.').nth(1).unwrap()
}

#[test]
fn a_new_file_is_private_readable_text_and_alone_in_its_folder() {
    let house = House::with_keys();
    let mode = fs::metadata(house.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(house.text().starts_with("# Keys of Portcullis."));
    assert!(house.text().contains("created_at = 1790000000\n"));
    assert_eq!(house.names(), ["keys.toml"]);
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let house = House::with_keys();
    let before = house.text();
    let error = house.create().unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(error.detail().contains("portcullis keys rotate"), "{error}");
    assert_eq!(house.text(), before);
    assert_eq!(house.names(), ["keys.toml"]);
}

#[test]
fn a_missing_folder_is_named() {
    let house = House::new();
    let path = house.folder.path().join("missing/keys.toml");
    let error = create(&path, &*house.runtime.entropy, house.runtime.clock.now()).unwrap_err();
    assert!(error.detail().contains("missing/keys.toml"), "{error}");
    assert!(error.detail().contains("folder"), "{error}");
}

#[tokio::test]
async fn a_missing_file_tells_how_to_create_one() {
    let error = House::new().refusal().await;
    assert_eq!(error.kind(), Kind::Config);
    assert!(error.detail().contains("portcullis keys create"), "{error}");
    assert!(error.detail().contains("keys.toml"), "{error}");
}

#[tokio::test]
async fn a_file_that_others_can_get_at_is_refused_with_the_remedy() {
    let house = House::with_keys();
    for mode in [0o640, 0o604, 0o620, 0o601] {
        fs::set_permissions(house.file(), Permissions::from_mode(mode)).unwrap();
        let error = house.refusal().await;
        assert!(
            error
                .detail()
                .contains(&format!("chmod 600 '{}'", house.file().display())),
            "{error}"
        );
    }
    fs::set_permissions(house.file(), Permissions::from_mode(0o400)).unwrap();
    assert!(house.connect().await.is_ok());
}

#[tokio::test]
async fn what_was_sealed_opens_after_restarts_and_rotations() {
    let house = House::with_keys();
    let first = seal(&house.connect().await.unwrap(), "one").await;
    house.rotate().unwrap();
    let second = seal(&house.connect().await.unwrap(), "two").await;
    house.rotate().unwrap();
    let keys = house.connect().await.unwrap();
    assert!(opens(&keys, &first, "one").await);
    assert!(opens(&keys, &second, "two").await);
    assert_ne!(key_id(&first), key_id(&second));
    assert_eq!(house.names(), ["keys.toml"]);
    let mode = fs::metadata(house.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_running_process_opens_and_then_uses_a_key_that_another_added() {
    let house = House::with_keys();
    let running = house.connect().await.unwrap();
    house.rotate().unwrap();
    let sealed = seal(&house.connect().await.unwrap(), "new").await;
    assert_ne!(key_id(&seal(&running, "x").await), key_id(&sealed));
    assert!(opens(&running, &sealed, "new").await);
    assert_eq!(key_id(&seal(&running, "x").await), key_id(&sealed));
}

#[test]
fn rotations_at_the_same_time_lose_no_key() {
    let house = House::with_keys();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| house.rotate().unwrap());
        }
    });
    assert_eq!(house.text().matches("[[keys]]").count(), 9);
}

#[tokio::test]
async fn an_unknown_key_is_not_ours() {
    let ours = House::with_keys();
    let theirs = House::new();
    // Another key than ours, which the same randomness would give.
    MessageId::random(&*theirs.runtime.entropy).unwrap();
    theirs.create().unwrap();
    let sealed = seal(&theirs.connect().await.unwrap(), "foreign").await;
    let keys = ours.connect().await.unwrap();
    let error = keys.keys.open(&sealed, &context()).await.unwrap_err();
    assert_eq!(error.code(), NOT_OURS);
    assert!(format!("{error:?}").contains(key_id(&sealed)));
}

#[tokio::test]
async fn a_file_that_lost_a_key_makes_the_probe_complain_and_is_not_taken_over() {
    let house = House::with_keys();
    let running = house.connect().await.unwrap();
    let before = seal(&running, "before").await;
    assert!(running.probe.check().await.unwrap().contains("1 keys"));

    fs::remove_file(house.file()).unwrap();
    assert!(running.probe.check().await.is_err());
    house.create().unwrap();
    let error = running.probe.check().await.unwrap_err();
    assert!(error.detail().contains(key_id(&before)), "{error}");

    let foreign = seal(&house.connect().await.unwrap(), "after").await;
    assert!(opens(&running, &foreign, "after").await);
    assert!(opens(&running, &before, "before").await);
}

#[tokio::test]
async fn a_broken_file_is_described_without_showing_a_key() {
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let good = format!("active = \"a\"\n[[keys]]\nid = \"a\"\ncreated_at = 1\nkey = \"{KEY}\"\n");
    let broken = [
        (good.replace("active = \"a\"", "active = \"b\""), "active"),
        (
            good.replace("created_at = 1", &format!("created_at = \"{KEY}\"")),
            "line 4",
        ),
        (good.replace(&format!("\"{KEY}\""), KEY), "line 5"),
        (good.replace("key =", &format!("{KEY}{KEY}")), "line 5"),
        (good.replace("id = \"a\"", &format!("id = \"{KEY}\"")), "number 1"),
        (good.replace("AAECAwQF", "AAECAwQ"), "key a"),
        (good.replace("AAECAwQF", ""), "key a"),
        (
            format!("{good}{}", good.replace("active = \"a\"\n", "")),
            "two keys",
        ),
        (good.replace("id = \"a\"\n", ""), "line"),
        (format!("{good}spare = \"{KEY}\""), "line"),
        (String::new(), "line 1"),
    ];
    let house = House::new();
    house.write(&good);
    assert!(house.connect().await.is_ok());
    for (text, expected) in broken {
        house.write(&text);
        let error = house.refusal().await;
        let shown = format!("{error} {error:?}");
        assert!(
            shown.contains("keys.toml") && shown.contains(expected),
            "{text}\n{shown}"
        );
        assert!(!shown.contains("CAwQ") && !shown.contains("GBkaG"), "{shown}");
    }
    fs::write(house.file(), [0xff, 0xfe, 0x00]).unwrap();
    assert!(house.refusal().await.detail().contains("not text"));
}

#[tokio::test]
async fn a_folder_is_not_a_key_file() {
    let house = House::new();
    fs::create_dir(house.file()).unwrap();
    assert!(house.refusal().await.detail().contains("keys.toml"));
}

#[test]
fn a_path_without_a_file_name_is_a_mistake() {
    for wrong in ["", "/", ".."] {
        let mistakes = Keys::plugins()[0].plan(json!({ "file": wrong })).err().unwrap();
        assert_eq!(mistakes[0].field, "file");
    }
}

#[tokio::test]
async fn rotating_through_a_symbolic_link_replaces_the_file_behind_it() {
    let house = House::with_keys();
    let link = house.folder.path().join("link.toml");
    std::os::unix::fs::symlink(Path::new("keys.toml"), &link).unwrap();
    rotate(&link, &*house.runtime.entropy, house.runtime.clock.now()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(house.text().matches("[[keys]]").count(), 2);
}

#[tokio::test]
async fn the_stores_that_hold_sealed_secrets_are_noted_beside_the_keys() {
    let house = House::with_keys();
    let keys = house.connect().await.unwrap().keys;
    assert_eq!(keys.store_note("store.main (embedded)").await.unwrap(), None);
    for store in [
        "store.main (embedded)",
        "store.main (embedded)",
        "store.cloud (dynamodb)",
    ] {
        keys.note_store(store).await.unwrap();
    }
    let notes = house.folder.path().join("keys.toml.stores");
    let text = fs::read_to_string(&notes).unwrap();
    assert_eq!(
        text.lines().filter(|line| !line.starts_with('#')).count(),
        2,
        "{text}"
    );
    assert_eq!(notes.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // Also after a restart and a rotation.
    house.rotate().unwrap();
    let keys = house.connect().await.unwrap().keys;
    let place = keys.store_note("store.cloud (dynamodb)").await.unwrap();
    assert_eq!(place, Some(notes.display().to_string()));
    assert_eq!(keys.store_note("store.main (dynamodb)").await.unwrap(), None);
    fs::remove_file(&notes).unwrap();
    assert_eq!(keys.store_note("store.cloud (dynamodb)").await.unwrap(), None);
}

#[tokio::test]
async fn a_place_that_takes_no_notes_says_so() {
    let house = House::with_keys();
    let keys = house.connect().await.unwrap().keys;
    fs::create_dir(house.folder.path().join("keys.toml.stores")).unwrap();
    let refused = keys.note_store("store.main (embedded)").await.unwrap_err();
    assert!(
        refused.detail().contains("keys.toml.stores"),
        "{}",
        refused.detail()
    );
}
