//! The key manager for one machine: keys in a local file that only the service can read.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod config;
mod file;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod keys;
mod notes;
mod ring;

use portcullis_ports::keys::{Keys, KeysCapability};
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::{DEVELOPMENT_PATH, KeyfileSettings};
pub use file::{KEY_FILE, create, rotate};
pub use keys::Keyfile;

inventory::submit! {
    Plugin::<Keys>::new::<KeyfileSettings>(
        Meta {
            id: "keyfile",
            title: "Key file",
            summary: "Seals secrets with keys from a local file; needs no cloud account.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[KeysCapability::Rotation],
    )
}

portcullis_ports::set_up!(Keys, "keyfile", |folder| {
    use portcullis_ports::Clock as _;
    let runtime = FakeRuntime::default();
    let FakeRuntime { clock, entropy, .. } = runtime.clone();
    let file = folder.join("keys.toml");
    let made = create(&file, &*entropy, clock.now());
    assert!(made.is_ok(), "{made:?}");
    let settings = json!({ "file": file });
    let rotate = move || rotate(&file, &*entropy, clock.now());
    SetUp::new(settings, Some(Box::new(rotate))).on(runtime)
});
