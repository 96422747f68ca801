//! The types of invoices as callers see them.

use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::{Timestamp, text};
use serde::{Deserialize, Serialize};

use crate::foundation::taxes::{TaxCode, TaxRate};

/// The most lines of one invoice.
pub(super) const MAX_LINES: usize = 100;
/// The most that one line, and one invoice, may come to, in minor units.
pub(super) const MOST: i64 = 1_000_000_000_000;

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum InvoiceState {
    /// It has no number yet, and nothing is owed for it.
    Draft,
    /// It is owed.
    Open,
    /// Nothing of it is owed any more.
    Paid,
    /// It was taken back: what it asked for is not owed.
    Void,
    /// It was given up. Money that comes all the same pays it.
    Uncollectible,
}

impl InvoiceState {
    /// The word used in records and histories.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Void => "void",
            Self::Uncollectible => "uncollectible",
        }
    }
}

text!(
    /// What a line of an invoice says: 1 to 200 characters in one line.
    LineText, "line-text", "Plum kettle", |text| {
        let text = text.trim();
        if (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            Ok(text.to_owned())
        } else {
            Err("1 to 200 characters in one line are expected")
        }
    }
);

/// Why there is an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum InvoiceOrigin {
    /// An operator wrote it.
    Operator {
        /// Who.
        operator: Subject,
    },
    /// A subscription came to a new period, or was changed.
    Subscription {
        /// Which.
        subscription: String,
    },
}

impl InvoiceOrigin {
    /// The kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Operator { .. } => "operator",
            Self::Subscription { .. } => "subscription",
        }
    }
}

/// A line that is ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderLine {
    /// What it says.
    pub text: LineText,
    /// How many. More than 0.
    pub quantity: u32,
    /// What one of them costs, in minor units; less than nothing for what is given back.
    pub unit_price: i64,
    /// The tax on it; none where it is not said.
    pub tax: Option<TaxCode>,
    /// The rate at which it was charged, for what is given back; that which is in force where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<TaxRate>,
}

/// An invoice that is ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvoiceOrder {
    /// Who owes it.
    pub subject: Subject,
    /// The currency of all amounts.
    pub currency: Currency,
    /// What is invoiced, in the order in which it is read.
    pub lines: Vec<OrderLine>,
    /// Why there is one.
    pub origin: InvoiceOrigin,
    /// Until when it is to be paid; as the setting says where it is not said.
    pub due_at: Option<Timestamp>,
}
