//! Payments without a vendor.
#![doc = ""]
#![doc = include_str!("../docs.md")]

mod config;
mod payments;
mod reference;

use portcullis_ports::payments::{PaymentCapability, Payments};
use portcullis_ports::plugin::{Maturity, Meta, Plugin};

pub use config::{ManualKind, ManualSettings};

inventory::submit! {
    Plugin::<Payments>::new::<ManualSettings>(
        Meta {
            id: "manual",
            title: "Without a vendor",
            summary: "Bank transfers, cash and vouchers: payers are told how, operators mark what came.",
            docs: include_str!("../docs.md"),
            maturity: Maturity::Beta,
        },
        &[
            PaymentCapability::ChargeOffline,
            PaymentCapability::Approval,
            PaymentCapability::PartialRefund,
            PaymentCapability::FindByOurs,
        ],
    )
}

portcullis_ports::set_up!(Payments, "manual", |_folder| {
    // Nobody stands on the other side: what came is told with the question.
    let clock = std::sync::Arc::new(FakeClock::default());
    let counterparty = payments::FakePayments::new(clock);
    let settings = json!({
        "kind": "bank_transfer",
        "currencies": ["EUR", "USD"],
        "account_holder": "Plum Kettles",
        "iban": "DE89 3704 0044 0532 0130 00",
    });
    SetUp::new(settings, payments::PaymentExpectations { counterparty })
});
