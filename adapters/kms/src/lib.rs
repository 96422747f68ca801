//! The key manager on AWS KMS: every secret is sealed with a data key that only KMS can open.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod client;
mod config;
mod data_key;
mod envelope;
mod error;
mod keys;
mod sealing;

portcullis_ports::cfg_testkit! {
    pub mod simulator;
}
#[cfg(rustfmt)]
mod simulator;

use portcullis_ports::keys::{Keys, KeysCapability};
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use client::ACTIONS;
pub use config::KmsSettings;

inventory::submit! {
    Plugin::<Keys>::new::<KmsSettings>(
        Meta {
            id: "kms",
            title: "AWS KMS",
            summary: "Seals secrets with data keys that a key of AWS KMS protects.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[KeysCapability::Rotation],
    )
}
