//! E-mail through any SMTP server (RFC 5321, RFC 6409).
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod config;
mod connection;
mod mail;
mod outcomes;
mod pool;
mod senders;

portcullis_ports::cfg_testkit! {
    pub mod simulator;
}
#[cfg(rustfmt)]
mod simulator;

use portcullis_ports::notification::{SenderCapability, Senders};
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::{Encryption, SmtpSettings};

inventory::submit! {
    Plugin::<Senders>::new::<SmtpSettings>(
        Meta {
            id: "smtp",
            title: "SMTP",
            summary: "Sends e-mail through any SMTP server.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[SenderCapability::Email],
    )
}
