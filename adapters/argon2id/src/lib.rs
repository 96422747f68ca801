//! The password hasher: Argon2id on threads of its own, bounded in memory, fair to everybody who waits.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod admission;
mod config;
mod cost;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod memory;
mod passwords;
mod stored;

use portcullis_ports::passwords::Passwords;
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::Argon2idSettings;
pub use cost::Memory;
pub use passwords::Argon2id;

inventory::submit! {
    Plugin::<Passwords>::new::<Argon2idSettings>(
        Meta {
            id: "argon2id",
            title: "Argon2id",
            summary: "Hashes passwords with Argon2id, within a fixed amount of memory.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[],
    )
}

portcullis_ports::set_up!(Passwords, "argon2id", |_folder| SetUp::new(
    json!({ "memory": "1MiB" }),
    json!({ "memory": "512KiB" })
));
