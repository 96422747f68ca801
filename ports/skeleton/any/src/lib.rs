//! Acme as a message sender.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod client;
mod config;
mod senders;

portcullis_ports::cfg_testkit! {
    pub mod simulator;
}
#[cfg(rustfmt)]
mod simulator;

use portcullis_ports::notification::Senders;
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::AcmeSettings;

inventory::submit! {
    Plugin::<Senders>::new::<AcmeSettings>(
        Meta {
            id: "acme",
            title: "Acme",
            summary: "Acme as a message sender.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[],
    )
}
