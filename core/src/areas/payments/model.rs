//! The types of payments as callers see them.

use portcullis_ports::{id, text};
use serde::{Deserialize, Serialize};

id!(
    /// Names a dispute.
    DisputeId, "dsp", "dsp_01h2xcejqtf2nbrexx3vqjhp41"
);

id!(
    /// Names an invoice.
    InvoiceId, "inv", "inv_01h2xcejqtf2nbrexx3vqjhp41"
);

id!(
    /// Names an order.
    OrderId, "ord", "ord_01h2xcejqtf2nbrexx3vqjhp41"
);

text!(
    /// What numbers of invoices begin with: 1 to 20 letters, digits and `-`. Each series counts by itself.
    InvoiceSeries, "invoice-series", "INV", in "^[A-Za-z0-9-]{1,20}$", |text| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if (1..=20).contains(&text.len()) && text.bytes().all(fits) {
            Ok(text.to_owned())
        } else {
            Err("1 to 20 letters, digits and - are expected, such as INV")
        }
    }
);

impl InvoiceSeries {
    /// The series of deployments that name none.
    pub(super) fn invoices() -> Self {
        Self("INV".to_owned())
    }
}

/// What a payment is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Purpose {
    /// It pays what is owed on the balance, and nothing beyond.
    Balance,
    /// It pays something at once that was not put on the balance before.
    Purchase {
        /// What the application calls it.
        reference: Option<String>,
    },
    /// It pays what is left of an invoice, which stands on the balance since it was issued.
    Invoice {
        /// Which.
        invoice: InvoiceId,
    },
    /// It pays an order, which is sold with it. Money that comes too late is given back.
    Order {
        /// Which.
        order: OrderId,
    },
}

impl Purpose {
    /// Whether it pays what is owed already: so much is held on the balance as long as the payment is open.
    pub const fn pays_debt(&self) -> bool {
        match self {
            Self::Balance | Self::Invoice { .. } => true,
            Self::Purchase { .. } | Self::Order { .. } => false,
        }
    }

    /// Whether money that comes after it was given up is to the payer's credit.
    pub const fn credits_late(&self) -> bool {
        !matches!(self, Self::Order { .. })
    }
}

/// What needs an operator's eye. Money is booked as the vendor says all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum Finding {
    /// The vendor shows another amount than was ordered.
    Amount,
    /// The vendor shows another currency than was ordered: nothing of it is booked.
    Currency,
    /// More was captured than was ordered.
    CapturedTooMuch,
    /// More was given back or taken back than was captured.
    GivenBackTooMuch,
    /// The vendor has two payments for this one.
    Twice,
    /// The vendor has a refund that was made there and not here, or that was given up here.
    RefundFromElsewhere,
    /// The vendor shows a payment of another account, of another mode, or another payment than ours under our name.
    Foreign,
    /// Nobody can tell what became of an order: an operator has to decide.
    Unresolved,
    /// The vendor took it for a subscription that was over here: it is to the payer's credit.
    AfterEnd,
}

impl Finding {
    /// Whether every picture shows it again, and not only the one that it came with.
    pub(super) const fn is_lasting(self) -> bool {
        !matches!(self, Self::Twice | Self::RefundFromElsewhere | Self::AfterEnd)
    }
}
