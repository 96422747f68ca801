//! How orders are stored.

use portcullis_ports::Timestamp;
use portcullis_ports::id::PaymentId;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Money;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::OrderId;
use super::model::{OrderBecause, OrderEventKind, OrderNote, OrderStatus, Shipping};
use crate::areas::carts::{CartId, Sku};
use crate::areas::catalog::{CategoryId, ItemId, ItemQuantity, Title};
use crate::foundation::table::Stored;

/// Orders, and what happened to them.
pub(crate) const ORDERS: Collection = Collection {
    name: "orders",
    table: "purchase_transactions",
    variable: "PURCHASE_TRANSACTIONS_TABLE_NAME",
};

/// Whose orders they are, and which need an operator.
pub(crate) const ORDER_NAMES: Collection = Collection {
    name: "order_names",
    table: "purchase_transactions",
    variable: "PURCHASE_TRANSACTIONS_TABLE_NAME",
};

/// So many pieces of an item, at the price that is charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OrderItem {
    pub(super) sku: Sku,
    pub(super) category: CategoryId,
    pub(super) item: ItemId,
    pub(super) name: Title,
    pub(super) quantity: u32,
    pub(super) unit_price: i64,
}

/// Who bought, as it was on that day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Buyer {
    pub(super) display_name: Option<String>,
    pub(super) email: Option<String>,
}

/// That its buyer wants an order called off, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cancel {
    pub(super) requested_at: Timestamp,
    pub(super) reason: Option<OrderNote>,
    pub(super) approved: Option<bool>,
    pub(super) responded_at: Option<Timestamp>,
    pub(super) note: Option<OrderNote>,
}

/// That the money of an order is to be given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GiveBack {
    /// Who wants it; nobody where the order could not be kept.
    pub(super) operator: Option<Subject>,
    pub(super) reason: Option<OrderNote>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OrderRecord {
    pub(super) id: OrderId,
    pub(super) subject: Subject,
    pub(super) cart: CartId,
    pub(super) items: Vec<OrderItem>,
    pub(super) total: Money,
    pub(super) buyer: Buyer,
    pub(super) status: OrderStatus,
    /// Whether it holds pieces of stock: reserved until it is paid, sold then.
    pub(super) holds: bool,
    pub(super) reserved_until: Timestamp,
    /// The payment of it.
    pub(super) payment: Option<PaymentId>,
    /// Whether the payment may still bring money.
    pub(super) paying: bool,
    /// Whether it was paid, and what it is for is sold.
    pub(super) kept: bool,
    /// Taken so far, in minor units.
    pub(super) paid: i64,
    /// Given back so far, in minor units.
    pub(super) refunded: i64,
    pub(super) give_back: Option<GiveBack>,
    pub(super) because: Option<OrderBecause>,
    pub(super) shipping: Option<Shipping>,
    pub(super) cancel: Option<Cancel>,
    pub(super) processor_ref: Option<OrderNote>,
    /// Counted up by every change.
    pub(super) version: u32,
    /// How many events there are.
    pub(super) events: u32,
    pub(super) created_at: Timestamp,
    pub(super) completed_at: Option<Timestamp>,
    pub(super) reverted_at: Option<Timestamp>,
    pub(super) cancelled_at: Option<Timestamp>,
    pub(super) updated_at: Timestamp,
}

impl OrderRecord {
    pub(super) const PREFIX: &'static str = "o#";

    pub(super) fn sort(id: &OrderId) -> String {
        format!("{}{id}", Self::PREFIX)
    }

    /// What it takes from stock.
    pub(super) fn quantities(&self) -> Vec<ItemQuantity<'_>> {
        let quantities = self.items.iter().map(|item| ItemQuantity {
            category: &item.category,
            item: &item.item,
            quantity: item.quantity,
        });
        quantities.collect()
    }

    /// What people read of it in one line.
    pub(super) fn description(&self) -> String {
        let first = self.items.first().map_or("", |item| item.name.as_str());
        let first: String = first.chars().take(180).collect();
        match self.items.len() {
            0 | 1 => first,
            many => format!("{first} + {}", many - 1),
        }
    }

    /// Whether an operator has something to do.
    pub(super) fn needs_operator(&self) -> bool {
        match self.status {
            OrderStatus::CancelRequested => true,
            OrderStatus::Completed | OrderStatus::CancelDenied => self.kept && !self.is_shipped(),
            OrderStatus::Pending => false,
            OrderStatus::Reverted | OrderStatus::Cancelled => self.paid > self.refunded,
        }
    }

    /// Whether a payment, an answer or money that is given back is expected.
    pub(super) fn is_under_way(&self) -> bool {
        let owed = self.paid > self.refunded;
        match self.status {
            OrderStatus::Pending | OrderStatus::CancelRequested => true,
            OrderStatus::Completed | OrderStatus::CancelDenied => {
                !self.kept || (owed && self.give_back.is_some())
            }
            OrderStatus::Reverted | OrderStatus::Cancelled => self.paying || owed,
        }
    }

    pub(super) fn is_shipped(&self) -> bool {
        let shipping = self.shipping.as_ref();
        shipping.is_some_and(|shipping| shipping.shipped_at.is_some() || shipping.delivered_at.is_some())
    }
}

impl Stored for OrderRecord {
    const COLLECTION: Collection = ORDERS;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::sort(&self.id))
    }
}

/// Who brought something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum OrderActor {
    /// Who bought.
    Buyer,
    /// An operator.
    Operator,
    /// The payment of the order, or the time.
    Service,
}

/// Something that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OrderEvent {
    pub(super) order: OrderId,
    pub(super) subject: Subject,
    pub(super) number: u32,
    pub(super) at: Timestamp,
    pub(super) kind: OrderEventKind,
    pub(super) by: OrderActor,
    pub(super) note: Option<String>,
    /// In minor units of the order's currency.
    pub(super) amount: Option<i64>,
}

impl OrderEvent {
    pub(super) const PREFIX: &'static str = "e#";

    pub(super) fn prefix(order: &OrderId) -> String {
        format!("{}{order}#", Self::PREFIX)
    }
}

impl Stored for OrderEvent {
    const COLLECTION: Collection = ORDERS;

    fn key(&self) -> (String, String) {
        let prefix = Self::prefix(&self.order);
        (self.subject.to_string(), format!("{prefix}{:06}", self.number))
    }
}

/// Whose order it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OrderName {
    pub(super) order: OrderId,
    pub(super) subject: Subject,
}

impl OrderName {
    pub(super) const SORT: &'static str = "name";
}

impl Stored for OrderName {
    const COLLECTION: Collection = ORDER_NAMES;

    fn key(&self) -> (String, String) {
        (self.order.to_string(), Self::SORT.into())
    }
}

/// An order that needs an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OrderLine {
    pub(super) order: OrderId,
    pub(super) subject: Subject,
}

/// Over how many lists those are spread.
const SHARDS: u8 = 8;

impl OrderLine {
    /// All lists.
    pub(super) fn lists() -> Vec<String> {
        (0..SHARDS).map(|shard| format!("open#{shard}")).collect()
    }
}

impl Stored for OrderLine {
    const COLLECTION: Collection = ORDER_NAMES;

    fn key(&self) -> (String, String) {
        // By the last character of the id, which is random.
        let shard = self.order.as_str().bytes().last().unwrap_or_default() % SHARDS;
        (format!("open#{shard}"), self.order.to_string())
    }
}
