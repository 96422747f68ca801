//! Wire types where an answer joins several areas or the wire differs from the domain.
//!
//! All others are the domain's own.

mod accounts;
mod bare_list;
mod cart_line;
mod challenges;
mod customers;
mod devices;
mod fields;
mod inbox;
mod invoices;
mod offline;
mod orders;
mod password_recovery;
mod pay_by;
mod payment_operations;
mod payments;
mod reconciliations;
mod service;
mod sessions;

pub(crate) use accounts::SignUpAnswer;
pub(crate) use bare_list::BareList;
pub(crate) use cart_line::ChangedLine;
pub(crate) use challenges::{FactorProven, FactorProvenShort};
pub(crate) use customers::{Adjust, FreezeReason, MOST as MOST_ADJUSTED};
pub(crate) use devices::{EmailBegun, EmailConfirmed, EmailList, PhoneBegun, PhoneConfirmed, PhoneList};
pub(crate) use fields::{bounded, wrong};
pub(crate) use inbox::{InboxEvent, InboxPage, ListEvents, ReadEvent, ReplayEvent};
pub(crate) use invoices::{EndInvoice, IssueInvoice, PayInvoice, WriteInvoice};
pub(crate) use offline::{MarkPaidOut, MarkReceived};
pub(crate) use orders::{BuyCart, CompleteOrder, OrderPurchase, RespondCancel, RevertOrder};
pub(crate) use password_recovery::{PasswordSet, RecoveryStanding};
pub(crate) use payment_operations::{
    AnswerDispute, BeginRefund, CapturePayment, CompletePayment, OperatePayment, ResolvePayment, part,
};
pub(crate) use payments::{BeginPayment, ListPayments, MovePayment, Payment, PaymentPage, ReadPayment};
pub(crate) use reconciliations::ComparePayments;
pub(crate) use service::{Options, Pong};
pub(crate) use sessions::{Finalized, Me, RevokedOthers, SessionStarted};

use poem_openapi::{Enum, Object};
use portcullis_core::use_case::Documented;
use serde::Serialize;

/// It worked.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub(crate) enum Ok {
    /// It worked.
    Ok,
}

/// A message is on its way.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub(crate) enum Sent {
    /// It is on its way.
    Sent,
}

/// It is done.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Done {
    /// Always `ok`.
    status: Ok,
}

impl Documented for Done {
    const EXAMPLE: &str = r#"{ "status": "ok" }"#;
}

impl Done {
    pub(crate) const OK: Self = Self { status: Ok::Ok };
}

/// A message is on its way, if there is anybody to receive it.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Dispatched {
    /// Always `sent`.
    status: Sent,
}

impl Documented for Dispatched {
    const EXAMPLE: &str = r#"{ "status": "sent" }"#;
}

impl Dispatched {
    pub(crate) const SENT: Self = Self { status: Sent::Sent };
}

/// It is done.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Confirmed {
    /// Always true.
    ok: bool,
}

impl Documented for Confirmed {
    const EXAMPLE: &str = r#"{ "ok": true }"#;
}

impl Confirmed {
    pub(crate) const OK: Self = Self { ok: true };
}
