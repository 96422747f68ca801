//! E-mail through Amazon SES, and what became of it.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod certificates;
mod client;
mod config;
mod events;
mod from;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod inbound;
mod refusals;
mod senders;
mod sns;

portcullis_ports::cfg_simulators! {
    pub mod simulator;
}
#[cfg(rustfmt)]
mod simulator;

use portcullis_ports::notification::{SenderCapability, Senders};
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::SesSettings;

inventory::submit! {
    Plugin::<Senders>::new::<SesSettings>(
        Meta {
            id: "ses",
            title: "Amazon SES",
            summary: "Sends e-mail through Amazon SES; reports deliveries, bounces and complaints.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[SenderCapability::Email, SenderCapability::Receipts],
    )
}
