//! Payments through CCBill.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod answers;
mod approval;
mod arizona;
mod browser;
mod client;
mod config;
mod datalink;
mod extract;
mod find;
mod form;
mod inbound;
mod payments;
mod probe;
mod reports;
mod subscriptions;
mod terms;
mod vault;
mod wire;

portcullis_ports::cfg_simulators! {
    pub mod simulator;
}
#[cfg(rustfmt)]
mod simulator;

use portcullis_ports::payments::{PaymentCapability, Payments};
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::CcbillSettings;

inventory::submit! {
    Plugin::<Payments>::new::<CcbillSettings>(
        Meta {
            id: "ccbill",
            title: "CCBill",
            summary: "Cards by payment token or on a FlexForms page; subscriptions, refunds through DataLink, reports.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[
            PaymentCapability::ChargeStored,
            PaymentCapability::HostedPage,
            PaymentCapability::Approval,
            PaymentCapability::Vault,
            PaymentCapability::SetupByWidget,
            PaymentCapability::Browser,
            PaymentCapability::Subscriptions,
            PaymentCapability::Reports,
            PaymentCapability::Events,
        ],
    )
}
