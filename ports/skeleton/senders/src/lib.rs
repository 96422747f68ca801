//! Sends text messages through Acme.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod client;
mod config;
mod senders;
mod wire;

portcullis_ports::cfg_testkit! {
    pub mod simulator;
}
#[cfg(rustfmt)]
mod simulator;

use portcullis_ports::notification::{SenderCapability, Senders};
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::AcmeSettings;

inventory::submit! {
    Plugin::<Senders>::new::<AcmeSettings>(
        Meta {
            id: "acme",
            title: "Acme",
            summary: "Sends text messages through Acme.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[SenderCapability::Sms],
    )
}
