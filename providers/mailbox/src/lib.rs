//! The message sender for development: keeps what it was given in a folder.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod config;
mod folder;
mod senders;

use portcullis_ports::notification::{SenderCapability, Senders};
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::MailboxSettings;
pub use senders::FolderMailbox;

inventory::submit! {
    Plugin::<Senders>::new::<MailboxSettings>(
        Meta {
            id: "mailbox",
            title: "Mailbox",
            summary: "Keeps e-mails and text messages in a folder. For development only.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::DevelopmentOnly,
        },
        &[
            SenderCapability::Email,
            SenderCapability::Sms,
            SenderCapability::Mailbox,
            SenderCapability::Lookup,
        ],
    )
}

portcullis_ports::set_up!(Senders, "mailbox", |folder| SetUp::new(
    json!({ "folder": folder }),
    ()
));
