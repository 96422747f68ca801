//! Orders: carts that were bought, and what became of them.
//!
//! An order reserves what is in stock in the commit that makes it, and is paid by a payment of its own. Where it stands follows
//! from facts: from payments, by their observer, and from what operators decide. What is paid and cannot be kept is given back
//! by a task.

mod actions;
mod books;
mod commands;
mod decisions;
mod erasure;
mod events;
mod list;
mod model;
mod notices;
mod observer;
mod purchase;
mod records;
mod runners;
pub mod scopes;
mod settings;
mod views;

use std::sync::Arc;

use portcullis_ports::{Code, Kind};

pub(crate) use books::OrderBooks;
pub use commands::{
    DecideOrder, Decision, ListOrders, PurchaseCart, ReadOrder, RequestCancel, SearchOrders, ShipOrder,
};
pub use model::{OrderBecause, OrderEventKind, OrderNote, OrderStatus, Shipping};
pub use records::OrderActor;
use records::{ORDER_NAMES, ORDERS, OrderEvent, OrderLine, OrderName, OrderRecord};
pub use settings::Settings;
pub use views::{
    BuyerView, CancelView, OrderEventView, OrderEvents, OrderItemView, OrderPage, OrderSummary, OrderView,
    Purchased, ShippingView,
};

pub use crate::areas::payments::OrderId;

use crate::areas::carts::Carts;
use crate::areas::operators::Operators;
use crate::areas::payments::Payments;
use crate::areas::step_up::StepUp;
use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::services::billing_freezes::BillingFreezes;
use crate::services::budgets::Budgets;
use crate::services::directory::Directory;
use crate::services::idempotency::Idempotency;
use crate::services::tasks::Runners;

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // What was bought since the backup was bought, and paid.
        Family::new(
            ORDERS,
            Personal::Retained,
            &[shape::<OrderRecord>("order"), shape::<OrderEvent>("event")],
        )
        .taken_over(),
        Family::new(
            ORDER_NAMES,
            Personal::RetainedInside,
            &[shape::<OrderName>("name"), shape::<OrderLine>("line")],
        )
        .taken_over(),
    ],
    problems: &[ORDER_NOT_FOUND, ORDER_STATE, ORDER_CHANGED, TOO_MANY_ORDERS],
    texts: &[notices::NOTICE],
    events: events::ALL,
    actions: actions::ALL,
    tasks: &[&runners::RESERVATIONS, &runners::REFUNDS],
    scopes: scopes::ALL,
    ..Area::EMPTY
};

/// There is no such order, or it is somebody else's.
pub const ORDER_NOT_FOUND: Code = Code::new("order-not-found", Kind::NotFound, "There is no such order.");
/// What was asked for does not fit to where the order stands.
pub const ORDER_STATE: Code = Code::new(
    "order-state",
    Kind::Conflict,
    "The order does not allow this as it stands. Read it again.",
);
/// The order is not as it was read.
pub const ORDER_CHANGED: Code = Code::new(
    "order-changed",
    Kind::Conflict,
    "The order changed since it was read: `version` says which state was meant. Read it again.",
);
/// One account bought as often as it may for now.
pub const TOO_MANY_ORDERS: Code = Code::new(
    "too-many-orders",
    Kind::Limited,
    "Too many carts were bought in a short time.",
);

/// Takes orders, shows them, and has operators decide about them.
#[derive(Clone)]
pub struct Orders {
    context: Arc<Context>,
    books: OrderBooks,
    carts: Carts,
    payments: Payments,
    step_up: StepUp,
    operators: Operators,
    directory: Directory,
    idempotency: Idempotency,
    freezes: BillingFreezes,
    budgets: Budgets,
    settings: Arc<Settings>,
}

/// What orders stand on.
pub(crate) struct Below<'a> {
    /// Those that payments tell.
    pub(crate) books: &'a OrderBooks,
    pub(crate) carts: &'a Carts,
    pub(crate) payments: &'a Payments,
    pub(crate) step_up: &'a StepUp,
    pub(crate) operators: &'a Operators,
    pub(crate) directory: &'a Directory,
    pub(crate) idempotency: &'a Idempotency,
    pub(crate) freezes: &'a BillingFreezes,
    pub(crate) budgets: &'a Budgets,
}

impl Orders {
    pub(crate) fn new(context: &Arc<Context>, below: &Below<'_>, settings: &Settings) -> Self {
        Self {
            context: Arc::clone(context),
            books: below.books.clone(),
            carts: below.carts.clone(),
            payments: below.payments.clone(),
            step_up: below.step_up.clone(),
            operators: below.operators.clone(),
            directory: below.directory.clone(),
            idempotency: below.idempotency.clone(),
            freezes: below.freezes.clone(),
            budgets: below.budgets.clone(),
            settings: Arc::new(settings.clone()),
        }
    }

    /// Has reservations ended and money given back by the workers of this process.
    pub(crate) fn register_runners(&self, runners: &mut Runners) {
        runners.repeating(&runners::RESERVATIONS, runners::ReservationRunner(self.clone()));
        runners.repeating(&runners::REFUNDS, runners::RefundRunner(self.clone()));
    }
}
