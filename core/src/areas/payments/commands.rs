//! What is asked for.

use portcullis_ports::money::{Amount, Currency};
use portcullis_ports::payments::RefundReason;
use serde::{Deserialize, Serialize};

use super::PaymentMethodId;
use super::model::Purpose;
use crate::areas::sessions::SignedIn;
use portcullis_ports::identity::Subject;

/// How a payment is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PayWith {
    /// With a stored method; the default one where none is named.
    Stored(Option<PaymentMethodId>),
    /// With a method that the payer enters in the vendor's part of the page.
    Fresh {
        /// Whether it is stored for later.
        save: bool,
    },
    /// On a page of the vendor.
    Page,
    /// Outside of any vendor: by a transfer, in cash, by a voucher, as the payer is told.
    Offline,
}

/// Who pays.
#[derive(Debug, Clone, Copy)]
pub enum Payer<'a> {
    /// Somebody who is there, and may be asked for a step-up.
    Present(&'a SignedIn),
    /// Somebody who agreed before that a stored method is charged, and is not there.
    Absent(&'a Subject),
}

impl<'a> Payer<'a> {
    pub(crate) fn subject(self) -> &'a Subject {
        match self {
            Self::Present(who) => who.subject(),
            Self::Absent(subject) => subject,
        }
    }

    /// What keys of theirs are taken for: no client uses up the keys of what is charged by itself.
    pub(super) const fn operation(self) -> &'static str {
        match self {
            Self::Present(_) => "payment",
            Self::Absent(_) => "collection",
        }
    }
}

/// When the money is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum CaptureMode {
    /// At once.
    Now,
    /// It is held, and an operator captures it or lets it go.
    Later,
}

/// A payment is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreatePayment {
    /// What it is for.
    pub purpose: Purpose,
    /// How much. What pays the balance or an invoice may leave it out: then it is everything that is due.
    pub amount: Option<Amount>,
    /// Where none is given for the balance: no more than so much of what is due, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    /// The currency of the balance, where no amount is given.
    pub currency: Option<Currency>,
    /// The vendor, by the name of its instance; that of the method, or the only one where none is named.
    pub vendor: Option<String>,
    /// How it is paid.
    pub with: PayWith,
    /// When the money is taken.
    pub capture: CaptureMode,
    /// What the payer reads.
    pub description: String,
}

/// Money is given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundPayment {
    /// How much; everything that is left where it is not said.
    pub amount: Option<Amount>,
    /// Why.
    pub reason: RefundReason,
}
