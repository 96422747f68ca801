//! Orders as people see them.

use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Currency, Money};
use serde::Serialize;

use super::OrderId;
use super::model::{OrderBecause, OrderEventKind, OrderStatus, Shipping};
use super::records::{OrderActor, OrderEvent, OrderItem, OrderRecord};
use crate::areas::carts::{CartId, Sku};
use crate::areas::catalog::{CategoryId, ItemId};
use crate::areas::payments::PaymentView;
use crate::foundation::cursor::SignedCursor;
use crate::foundation::use_case::Documented;

/// A cart that was bought.
#[derive(Debug, Clone)]
pub struct Purchased {
    /// The order.
    pub order: OrderView,
    /// Its payment; nothing where it costs nothing.
    pub payment: Option<PaymentView>,
}

/// An order in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OrderSummary {
    /// Its id.
    pub txn_id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What it costs, in minor units.
    pub total_cents: i64,
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
    /// What people read of it in one line.
    pub description: String,
    /// The cart that was bought.
    pub external_ref: CartId,
    /// Counted up by every change.
    pub version: u32,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// When it was changed last, in Unix seconds.
    pub updated_at: i64,
}

impl OrderSummary {
    pub(super) fn of(order: &OrderRecord) -> Self {
        let Money { minor, currency } = order.total;
        Self {
            txn_id: order.id.clone(),
            status: order.status,
            total_cents: minor,
            currency,
            digits: currency.digits(),
            description: order.description(),
            external_ref: order.cart.clone(),
            version: order.version,
            created_at: order.created_at.seconds(),
            updated_at: order.updated_at.seconds(),
        }
    }
}

/// A page of orders, newest first.
#[derive(Debug, Clone)]
pub struct OrderPage {
    /// A page may hold fewer than were asked for, and even none.
    pub orders: Vec<OrderSummary>,
    /// Where the next page begins, if there is one.
    pub next: Option<SignedCursor>,
}

/// So many pieces of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "OrderItem"))]
pub struct OrderItemView {
    /// `catalog:` and the id of the item.
    pub sku: Sku,
    /// The category of the item.
    pub category_id: CategoryId,
    /// The item.
    pub item_id: ItemId,
    /// What it was called.
    pub name: String,
    /// How many pieces.
    pub quantity: u32,
    /// What one piece costs, in minor units.
    pub unit_price_cents: i64,
}

impl From<&OrderItem> for OrderItemView {
    fn from(item: &OrderItem) -> Self {
        Self {
            sku: item.sku.clone(),
            category_id: item.category.clone(),
            item_id: item.item.clone(),
            name: item.name.to_string(),
            quantity: item.quantity,
            unit_price_cents: item.unit_price,
        }
    }
}

/// Who bought, as the account was on that day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "Buyer"))]
pub struct BuyerView {
    /// The stable name of the account.
    pub user_sub: Subject,
    /// What the account showed.
    pub display_name: Option<String>,
    /// Its address.
    pub email: Option<String>,
}

/// How an order is shipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ShippingView {
    /// Who carries it.
    pub carrier: Option<String>,
    /// What the carrier calls it.
    pub tracking_number: Option<String>,
    /// When it was handed over, in Unix seconds.
    pub shipped_at: Option<i64>,
    /// When it arrived, in Unix seconds.
    pub delivered_at: Option<i64>,
    /// Where it goes.
    pub address: Option<String>,
}

impl From<&Shipping> for ShippingView {
    fn from(shipping: &Shipping) -> Self {
        let text = |note: &Option<super::OrderNote>| note.as_ref().map(ToString::to_string);
        Self {
            carrier: text(&shipping.carrier),
            tracking_number: text(&shipping.tracking_number),
            shipped_at: shipping.shipped_at,
            delivered_at: shipping.delivered_at,
            address: text(&shipping.address),
        }
    }
}

/// That the buyer wants an order called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename = "OrderCancel")
)]
pub struct CancelView {
    /// When, in Unix seconds.
    pub requested_at: i64,
    /// Why.
    pub reason: Option<String>,
    /// Whether an operator agreed; null until one answers.
    pub approved: Option<bool>,
    /// When one answered, in Unix seconds.
    pub responded_at: Option<i64>,
    /// What was remarked.
    pub note: Option<String>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "Order"))]
pub struct OrderView {
    /// Its id.
    pub txn_id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// Why it was called off, if it was.
    pub because: Option<OrderBecause>,
    /// What it costs, in minor units.
    pub total_cents: i64,
    /// Taken so far.
    pub paid_cents: i64,
    /// Given back so far.
    pub refunded_cents: i64,
    /// The currency.
    pub currency: Currency,
    /// How many decimal places its amounts have (ISO 4217).
    pub digits: u32,
    /// What people read of it in one line.
    pub description: String,
    /// The cart that was bought.
    pub external_ref: CartId,
    /// What is bought.
    pub items: Vec<OrderItemView>,
    /// Who bought.
    pub buyer: BuyerView,
    /// The payment of it, to be followed with `GET /api/billing/payments/{payment_id}`.
    pub payment_id: Option<PaymentId>,
    /// Until when what is in stock is reserved for it, in Unix seconds; null where nothing is reserved any more.
    pub reserved_until: Option<i64>,
    /// How it is shipped.
    pub shipping: Option<ShippingView>,
    /// Whether its buyer wants it called off.
    pub cancel: Option<CancelView>,
    /// What the processor calls it.
    pub processor_ref: Option<String>,
    /// Counted up by every change: send it along to change the order only as it was read.
    pub version: u32,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// When it was paid and sold, in Unix seconds.
    pub completed_at: Option<i64>,
    /// When its money was given back, in Unix seconds.
    pub reverted_at: Option<i64>,
    /// When it was called off, in Unix seconds.
    pub cancelled_at: Option<i64>,
    /// When it was changed last, in Unix seconds.
    pub updated_at: i64,
}

impl OrderView {
    pub(super) fn of(order: &OrderRecord) -> Self {
        let seconds = |at: Option<portcullis_ports::Timestamp>| at.map(portcullis_ports::Timestamp::seconds);
        let Money { minor, currency } = order.total;
        let cancel = order.cancel.as_ref().map(|cancel| CancelView {
            requested_at: cancel.requested_at.seconds(),
            reason: cancel.reason.as_ref().map(ToString::to_string),
            approved: cancel.approved,
            responded_at: seconds(cancel.responded_at),
            note: cancel.note.as_ref().map(ToString::to_string),
        });
        Self {
            txn_id: order.id.clone(),
            status: order.status,
            because: order.because,
            total_cents: minor,
            paid_cents: order.paid,
            refunded_cents: order.refunded,
            currency,
            digits: currency.digits(),
            description: order.description(),
            external_ref: order.cart.clone(),
            items: order.items.iter().map(OrderItemView::from).collect(),
            buyer: BuyerView {
                user_sub: order.subject.clone(),
                display_name: order.buyer.display_name.clone(),
                email: order.buyer.email.clone(),
            },
            payment_id: order.payment.clone(),
            reserved_until: (order.holds && !order.kept).then(|| order.reserved_until.seconds()),
            shipping: order.shipping.as_ref().map(ShippingView::from),
            cancel,
            processor_ref: order.processor_ref.as_ref().map(ToString::to_string),
            version: order.version,
            created_at: order.created_at.seconds(),
            completed_at: seconds(order.completed_at),
            reverted_at: seconds(order.reverted_at),
            cancelled_at: seconds(order.cancelled_at),
            updated_at: order.updated_at.seconds(),
        }
    }
}

impl Documented for OrderView {
    const EXAMPLE: &str = r#"{
  "txn_id": "ord_01h2xcejqtf2nbrexx3vqjhp41",
  "status": "COMPLETED",
  "because": null,
  "total_cents": 3998,
  "paid_cents": 3998,
  "refunded_cents": 0,
  "currency": "USD",
  "digits": 2,
  "description": "Plum kettle",
  "external_ref": "cart_01h2xcejqtf2nbrexx3vqjhp41",
  "items": [{
    "sku": "catalog:plum-kettle",
    "category_id": "kettles",
    "item_id": "plum-kettle",
    "name": "Plum kettle",
    "quantity": 2,
    "unit_price_cents": 1999
  }],
  "buyer": { "user_sub": "usr_ypqeqcs9v6bq5vzwm86escxfjc", "display_name": "Ada", "email": "ada@example.com" },
  "payment_id": "pay_01h2xcejqtf2nbrexx3vqjhp41",
  "reserved_until": null,
  "shipping": {
    "carrier": "Parcel Post",
    "tracking_number": "00340434161094042557",
    "shipped_at": 1790086400,
    "delivered_at": null,
    "address": "Kesselgasse 1, 10115 Berlin"
  },
  "cancel": null,
  "processor_ref": null,
  "version": 4,
  "created_at": 1790000000,
  "completed_at": 1790000060,
  "reverted_at": null,
  "cancelled_at": null,
  "updated_at": 1790086400
}"#;
}

/// Something that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename = "OrderEvent"))]
pub struct OrderEventView {
    /// When, in Unix seconds.
    pub at: i64,
    /// What.
    pub event: OrderEventKind,
    /// Who brought it about.
    pub by: OrderActor,
    /// Why, or what was remarked.
    pub note: Option<String>,
    /// How much, in minor units of the order's currency.
    pub amount_cents: Option<i64>,
}

impl From<&OrderEvent> for OrderEventView {
    fn from(event: &OrderEvent) -> Self {
        Self {
            at: event.at.seconds(),
            event: event.kind,
            by: event.by,
            note: event.note.clone(),
            amount_cents: event.amount,
        }
    }
}

/// What happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OrderEvents {
    /// The order.
    pub txn_id: OrderId,
    /// Oldest first.
    pub events: Vec<OrderEventView>,
}

impl Documented for OrderEvents {
    const EXAMPLE: &str = r#"{
  "txn_id": "ord_01h2xcejqtf2nbrexx3vqjhp41",
  "events": [{ "at": 1790000000, "event": "placed", "by": "buyer", "note": null, "amount_cents": 3998 }]
}"#;
}
