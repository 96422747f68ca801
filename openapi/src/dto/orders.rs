//! Orders on the wire.

use poem_openapi::{Enum, Object};
use portcullis_core::carts::{CART_CURRENCY, CART_EMPTY, CART_NOT_FOUND, CART_NOT_OPEN, PRICE_CHANGED};
use portcullis_core::catalog::{ITEM_NOT_FOUND, OUT_OF_STOCK};
use portcullis_core::orders::{
    BuyerView, DecideOrder, Decision, OrderId, OrderNote, OrderStatus, PurchaseCart, Purchased,
    TOO_MANY_ORDERS,
};
use portcullis_core::payment_methods::PaymentMethodId;
use portcullis_core::use_case::{Documented, Problems, UseCase};
use portcullis_ports::Result;
use portcullis_ports::money::Currency;
use serde::{Deserialize, Serialize};

use super::pay_by::PayBy;
use super::payments::{BeginPayment, Payment};

/// A cart is bought.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuyCart {
    /// How it is paid; with the default method where it is not said.
    pay_by: Option<PayBy>,
    /// The stored method.
    payment_method_id: Option<PaymentMethodId>,
    /// Whether a method that is entered is stored for later.
    save_method: Option<bool>,
    /// The vendor, by the name of its instance, where there are several and no stored method says it.
    vendor: Option<String>,
}

impl BuyCart {
    pub(crate) fn command(self) -> Result<PurchaseCart> {
        let pay_by = self.pay_by.unwrap_or(PayBy::Method);
        Ok(PurchaseCart {
            with: pay_by.with(self.payment_method_id, self.save_method)?,
            vendor: self.vendor,
        })
    }
}

impl Documented for BuyCart {
    const EXAMPLE: &str =
        r#"{ "pay_by": "browser", "payment_method_id": null, "save_method": false, "vendor": null }"#;
}

impl UseCase for BuyCart {
    const PROBLEMS: Problems = &[
        &[CART_NOT_FOUND, CART_NOT_OPEN, CART_EMPTY, CART_CURRENCY],
        &[PRICE_CHANGED, ITEM_NOT_FOUND, OUT_OF_STOCK, TOO_MANY_ORDERS],
        BeginPayment::PROBLEMS[0],
        BeginPayment::PROBLEMS[1],
        BeginPayment::PROBLEMS[2],
    ];
}

/// A cart that was bought.
#[derive(Debug, Serialize, Object)]
pub(crate) struct OrderPurchase {
    /// The order.
    order_id: OrderId,
    /// The same: what the purchase history calls it.
    purchase_txn_id: OrderId,
    /// Where it stands: `COMPLETED` once it is paid.
    status: OrderStatus,
    /// When it was bought, in Unix seconds.
    purchased_at: i64,
    /// What it costs, in minor units.
    purchased_total_cents: i64,
    /// The currency.
    currency: Currency,
    /// Who bought.
    buyer: BuyerView,
    /// Until when what is in stock is reserved, in Unix seconds; null where nothing is reserved any more.
    reserved_until: Option<i64>,
    /// The payment, with what the payer does next in `next_action`; null where it costs nothing.
    payment: Option<Payment>,
}

impl OrderPurchase {
    pub(crate) fn of(purchased: Purchased) -> Self {
        let order = purchased.order;
        Self {
            order_id: order.txn_id.clone(),
            purchase_txn_id: order.txn_id,
            status: order.status,
            purchased_at: order.created_at,
            purchased_total_cents: order.total_cents,
            currency: order.currency,
            buyer: order.buyer,
            reserved_until: order.reserved_until,
            payment: purchased.payment.map(Payment::of),
        }
    }
}

impl Documented for OrderPurchase {
    const EXAMPLE: &str = r#"{
  "order_id": "ord_01h2xcejqtf2nbrexx3vqjhp41",
  "purchase_txn_id": "ord_01h2xcejqtf2nbrexx3vqjhp41",
  "status": "COMPLETED",
  "purchased_at": 1790000000,
  "purchased_total_cents": 0,
  "currency": "USD",
  "buyer": { "user_sub": "usr_ypqeqcs9v6bq5vzwm86escxfjc", "display_name": "Ada", "email": "ada@example.com" },
  "reserved_until": null,
  "payment": null
}"#;
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Enum)]
#[serde(rename_all = "UPPERCASE")]
#[oai(rename_all = "UPPERCASE")]
pub(crate) enum CancelDecision {
    /// It is called off.
    Approve,
    /// It is not.
    Deny,
}

/// An operator answers whether an order is called off.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct RespondCancel {
    /// Whether it is.
    decision: CancelDecision,
    /// A remark, which the buyer reads.
    note: Option<OrderNote>,
    /// The state that is meant, as it was read; whatever state where it is not said.
    #[oai(validator(minimum(value = "0"), maximum(value = "4294967295")))]
    version: Option<u32>,
}

impl RespondCancel {
    pub(crate) fn decision(self) -> (Decision, Option<u32>) {
        let note = self.note;
        let decision = match self.decision {
            CancelDecision::Approve => Decision::ApproveCancel { note },
            CancelDecision::Deny => Decision::DenyCancel { note },
        };
        (decision, self.version)
    }
}

impl UseCase for RespondCancel {
    const PROBLEMS: Problems = DecideOrder::PROBLEMS;
}

impl Documented for RespondCancel {
    const EXAMPLE: &str = r#"{ "decision": "APPROVE", "note": "Nothing was sent yet", "version": 4 }"#;
}

/// An operator completes an order.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompleteOrder {
    /// What the processor calls it.
    processor_ref: Option<OrderNote>,
    /// A remark, which the buyer reads.
    note: Option<OrderNote>,
    /// The state that is meant, as it was read; whatever state where it is not said.
    #[oai(validator(minimum(value = "0"), maximum(value = "4294967295")))]
    version: Option<u32>,
}

impl CompleteOrder {
    pub(crate) fn decision(self) -> (Decision, Option<u32>) {
        let decision = Decision::Complete {
            processor_ref: self.processor_ref,
            note: self.note,
        };
        (decision, self.version)
    }
}

impl UseCase for CompleteOrder {
    const PROBLEMS: Problems = DecideOrder::PROBLEMS;
}

impl Documented for CompleteOrder {
    const EXAMPLE: &str = r#"{ "processor_ref": "ch_123", "note": "Picked up at the desk", "version": 4 }"#;
}

/// An operator has the money of an order given back.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevertOrder {
    /// Why, which the buyer reads.
    reason: Option<OrderNote>,
    /// The state that is meant, as it was read; whatever state where it is not said.
    #[oai(validator(minimum(value = "0"), maximum(value = "4294967295")))]
    version: Option<u32>,
}

impl RevertOrder {
    pub(crate) fn decision(self) -> (Decision, Option<u32>) {
        let decision = Decision::Revert { reason: self.reason };
        (decision, self.version)
    }
}

impl UseCase for RevertOrder {
    const PROBLEMS: Problems = DecideOrder::PROBLEMS;
}

impl Documented for RevertOrder {
    const EXAMPLE: &str = r#"{ "reason": "The kettle was broken", "version": 4 }"#;
}
