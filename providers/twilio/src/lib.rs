//! Text messages and one-time codes through Twilio.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod client;
mod config;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod inbound;
mod lookup;
mod probe;
mod refusals;
mod senders;
mod signature;
mod wire;

portcullis_ports::cfg_simulators! {
    pub mod simulator;
}
#[cfg(rustfmt)]
mod simulator;

use portcullis_ports::notification::{SenderCapability, Senders};
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::TwilioSettings;

inventory::submit! {
    Plugin::<Senders>::new::<TwilioSettings>(
        Meta {
            id: "twilio",
            title: "Twilio",
            summary: "Sends text messages, and codes through Verify; reports what became of them.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[
            SenderCapability::Sms,
            SenderCapability::Receipts,
            SenderCapability::Lookup,
        ],
    )
}
