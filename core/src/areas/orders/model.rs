//! The types of orders as callers see them.

use portcullis_ports::text;
use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum OrderStatus {
    /// It waits for its payment.
    Pending,
    /// It is paid, and what it is for is sold.
    Completed,
    /// All its money was given back.
    Reverted,
    /// Its buyer wants it called off, and an operator has to answer.
    CancelRequested,
    /// It was called off. What was paid is given back.
    Cancelled,
    /// An operator refused to call it off.
    CancelDenied,
}

impl OrderStatus {
    /// The word used in records, histories and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Completed => "COMPLETED",
            Self::Reverted => "REVERTED",
            Self::CancelRequested => "CANCEL_REQUESTED",
            Self::Cancelled => "CANCELLED",
            Self::CancelDenied => "CANCEL_DENIED",
        }
    }

    /// Whether nothing brings it anywhere else.
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Reverted | Self::Cancelled)
    }
}

/// Why an order was called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum OrderBecause {
    /// Its payment failed or was called off.
    PaymentFailed,
    /// It was not paid in time.
    NotPaid,
    /// It was paid after its reservation was over, and not enough was left.
    OutOfStock,
    /// Less was taken than it costs.
    PaidInPart,
    /// Its buyer wanted it, and an operator agreed.
    Requested,
}

impl OrderBecause {
    /// The word used in records and histories.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::PaymentFailed => "payment_failed",
            Self::NotPaid => "not_paid",
            Self::OutOfStock => "out_of_stock",
            Self::PaidInPart => "paid_in_part",
            Self::Requested => "requested",
        }
    }
}

/// What happened to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum OrderEventKind {
    /// It was made, and what is in stock is reserved.
    Placed,
    /// A payment of it was begun.
    PaymentBegun,
    /// It was paid, and what it is for is sold.
    Paid,
    /// Its payment ended without money.
    PaymentFailed,
    /// It was not paid in time: what was reserved is offered again.
    ReservationEnded,
    /// It was called off.
    Cancelled,
    /// Its buyer wants it called off.
    CancelRequested,
    /// An operator refused to call it off.
    CancelDenied,
    /// An operator wrote down how it is shipped.
    Shipped,
    /// An operator wrote down that it is done.
    Completed,
    /// An operator has its money given back.
    RefundOrdered,
    /// Money of it was given back.
    Refunded,
    /// Money that was given back has come back.
    RefundReturned,
    /// Money came after it was over: it is given back.
    PaidLate,
}

text!(
    /// A remark about an order, or a name in it: 1 to 500 characters in one line.
    OrderNote, "order-note", "Left with the neighbours", in r"^\s*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]{0,499}\s*$", |text| {
        let text = text.trim();
        if (1..=500).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            Ok(text.to_owned())
        } else {
            Err("1 to 500 characters in one line are expected")
        }
    }
);

/// How an order is shipped. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Shipping {
    /// Who carries it.
    pub carrier: Option<OrderNote>,
    /// What the carrier calls it.
    pub tracking_number: Option<OrderNote>,
    /// When it was handed over, in Unix seconds.
    pub shipped_at: Option<i64>,
    /// When it arrived, in Unix seconds.
    pub delivered_at: Option<i64>,
    /// Where it goes.
    pub address: Option<OrderNote>,
}

impl Shipping {
    /// The same with what was said anew.
    pub(super) fn with(self, newer: &Self) -> Self {
        Self {
            carrier: newer.carrier.clone().or(self.carrier),
            tracking_number: newer.tracking_number.clone().or(self.tracking_number),
            shipped_at: newer.shipped_at.or(self.shipped_at),
            delivered_at: newer.delivered_at.or(self.delivered_at),
            address: newer.address.clone().or(self.address),
        }
    }
}
