//! What is asked for.

use serde::{Deserialize, Serialize};

use super::model::{OrderNote, OrderStatus, Shipping};
use super::{ORDER_CHANGED, ORDER_NOT_FOUND, ORDER_STATE};
use crate::areas::catalog::SearchText;
use crate::areas::payments::PayWith;
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::cursor::{INVALID_CURSOR, SignedCursor};
use crate::foundation::use_case::{Documented, Problems, UseCase};

/// A cart is bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PurchaseCart {
    /// How it is paid.
    pub with: PayWith,
    /// The vendor, by the name of its instance; that of the method, or the only one where none is named.
    pub vendor: Option<String>,
}

/// Which orders.
#[derive(Debug, Clone, Default)]
pub struct ListOrders {
    /// Only those that stand there.
    pub status: Option<OrderStatus>,
    /// Behind which order, as the page before gave it.
    pub cursor: Option<SignedCursor>,
    /// How many at most, 1 to 200.
    pub limit: Option<usize>,
}

impl UseCase for ListOrders {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR]];
}

/// Orders are searched.
#[derive(Debug, Clone)]
pub struct SearchOrders {
    /// The words that all stand in what is known of the order.
    pub text: SearchText,
    /// Which part of what is found.
    pub part: ListOrders,
}

impl UseCase for SearchOrders {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR]];
}

/// An order is read.
#[derive(Debug, Clone, Copy)]
pub struct ReadOrder;

impl UseCase for ReadOrder {
    const PROBLEMS: Problems = &[&[ORDER_NOT_FOUND]];
}

/// A buyer wants an order called off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RequestCancel {
    /// Why.
    pub reason: Option<OrderNote>,
    /// The state that is meant, as it was read; whatever state where it is not said.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "0"), maximum(value = "4294967295")))
    )]
    pub version: Option<u32>,
}

impl Documented for RequestCancel {
    const EXAMPLE: &str = r#"{ "reason": "I ordered it twice", "version": 3 }"#;
}

impl UseCase for RequestCancel {
    const PROBLEMS: Problems = &[&[ORDER_NOT_FOUND, ORDER_STATE, ORDER_CHANGED]];
}

/// An operator writes down how an order is shipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ShipOrder {
    /// How.
    pub shipping: Shipping,
    /// The state that is meant, as it was read; whatever state where it is not said.
    #[cfg_attr(
        feature = "openapi",
        oai(validator(minimum(value = "0"), maximum(value = "4294967295")))
    )]
    pub version: Option<u32>,
}

impl Documented for ShipOrder {
    const EXAMPLE: &str = r#"{
  "shipping": {
    "carrier": "Parcel Post",
    "tracking_number": "00340434161094042557",
    "shipped_at": 1790000000,
    "delivered_at": null,
    "address": "Kesselgasse 1, 10115 Berlin"
  },
  "version": 3
}"#;
}

impl UseCase for ShipOrder {
    const PROBLEMS: Problems = RequestCancel::PROBLEMS;
}

/// What an operator decides about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is done. Only of one that is paid.
    Complete {
        /// What the processor calls it.
        processor_ref: Option<OrderNote>,
        /// A remark.
        note: Option<OrderNote>,
    },
    /// All its money is given back.
    Revert {
        /// Why.
        reason: Option<OrderNote>,
    },
    /// It is called off, as its buyer wants, and its money given back.
    ApproveCancel {
        /// A remark.
        note: Option<OrderNote>,
    },
    /// It is not called off.
    DenyCancel {
        /// A remark.
        note: Option<OrderNote>,
    },
}

/// An operator decides about an order.
#[derive(Debug, Clone, Copy)]
pub struct DecideOrder;

impl UseCase for DecideOrder {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED], RequestCancel::PROBLEMS[0]];
}
