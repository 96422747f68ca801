//! Payments through PayPal.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod answers;
mod approval;
mod browser;
mod certificates;
mod client;
mod config;
mod disputes;
mod failures;
mod find;
mod holds;
mod inbound;
mod methods;
mod payments;
mod pictures;
mod probe;
mod reports;
mod sales;
mod signature;
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

pub use config::{PayPalMode, PayPalSettings};

inventory::submit! {
    Plugin::<Payments>::new::<PayPalSettings>(
        Meta {
            id: "paypal",
            title: "PayPal",
            summary: "PayPal accounts and cards: approval, holds, refunds, disputes, stored methods, reports.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[
            PaymentCapability::ChargePresent,
            PaymentCapability::ChargeStored,
            PaymentCapability::HostedPage,
            PaymentCapability::Approval,
            PaymentCapability::Authorize,
            PaymentCapability::PartialCapture,
            PaymentCapability::PartialRefund,
            PaymentCapability::Vault,
            PaymentCapability::SetupByRedirect,
            PaymentCapability::SetupByWidget,
            PaymentCapability::Browser,
            PaymentCapability::Subscriptions,
            PaymentCapability::PauseSubscriptions,
            PaymentCapability::Disputes,
            PaymentCapability::Evidence,
            PaymentCapability::EvidenceFiles,
            PaymentCapability::Reports,
            PaymentCapability::FindByOurs,
            PaymentCapability::Events,
        ],
    )
}
