//! What happens to orders later: reservations end, and money that could not be kept is given back.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::identity::Subject;
use portcullis_ports::{Error, Result};
use serde::{Deserialize, Serialize};

use super::books::Changing;
use super::model::{OrderBecause, OrderEventKind};
use super::records::{OrderActor, OrderRecord};
use super::{ORDER_NOT_FOUND, OrderId, Orders};
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::idempotency::IdempotencyKey;
use crate::services::tasks::{Leased, Next, TaskKind, TaskRunner};

pub(super) const RESERVATIONS: TaskKind = TaskKind::new(
    "orders-reservations",
    "Offers again what was reserved for an order that was not paid in time.",
)
.sharded(4);

/// Given back once however often it is run: every refund has a key of its own, and no more than is left is given back.
pub(super) const REFUNDS: TaskKind = TaskKind::new(
    "orders-refunds",
    "Gives back what was paid for an order that is not kept.",
)
.sharded(4)
.leased(Duration::from_mins(2))
.retried(
    60,
    &[
        Duration::from_secs(10),
        Duration::from_mins(1),
        Duration::from_mins(10),
        Duration::from_hours(1),
        Duration::from_hours(6),
    ],
);

/// The most refunds of one order that are tried without an operator.
const MOST_REFUNDS: usize = 100;

/// The order that a task is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct OfOrder {
    order: OrderId,
    subject: Subject,
}

impl OfOrder {
    pub(super) fn of(order: &OrderRecord) -> Self {
        Self {
            order: order.id.clone(),
            subject: order.subject.clone(),
        }
    }
}

impl Orders {
    /// What is reserved for an order that is not paid is offered again. Without a payment under way it is over.
    pub(super) async fn end_reservation(&self, of: &OfOrder) -> Result<()> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, &of.subject).await;
                let slot = match self.books.order_in(&batch, &of.subject, &of.order).await {
                    Err(error) if error.code() == ORDER_NOT_FOUND => return Ok(()),
                    slot => slot?,
                };
                let mut changing = Changing::of(slot);
                let order = changing.read();
                if order.kept || !order.holds || order.status.is_over() {
                    return Ok(());
                }
                self.books.release(&mut batch, &mut changing).await?;
                changing.tell(OrderEventKind::ReservationEnded, OrderActor::Service, None, None);
                if !changing.read().paying {
                    self.books
                        .end(&mut batch, &mut changing, OrderBecause::NotPaid)
                        .await?;
                }
                self.books.save(&mut batch, changing)?;
                self.context.commit(batch).await
            })
            .await
    }

    async fn refund(&self, of: &OfOrder) -> Result<()> {
        let slot = match self
            .books
            .order_in(&Batch::default(), &of.subject, &of.order)
            .await
        {
            Err(error) if error.code() == ORDER_NOT_FOUND => return Ok(()),
            slot => slot?,
        };
        let order = slot.value;
        let (Some(payment), Some(wanted)) = (&order.payment, &order.give_back) else {
            return Ok(());
        };
        let shown = self.payments.get(&of.subject, payment).await?;
        // What comes back again and again is an operator's to settle.
        if shown.refundable.minor <= 0 || shown.refunds.len() >= MOST_REFUNDS {
            return Ok(());
        }
        let number = shown.refunds.len().to_string();
        let keyring = &self.context.keyring;
        let key = keyring.pseudonym("order-refund", &[order.id.as_str(), &number])?;
        let key = IdempotencyKey::parse(&key).map_err(Error::internal)?;
        let source = Source::internal("orders");
        let operator = wanted.operator.as_ref();
        let refunded = self
            .payments
            .refund_order(&of.subject, operator, &key, payment, &source)
            .await?;
        refunded.refusal().map_or(Ok(()), Err)
    }
}

/// Ends reservations.
pub(super) struct ReservationRunner(pub(super) Orders);

#[async_trait]
impl TaskRunner for ReservationRunner {
    async fn run(&self, task: &Leased) -> Result<Next> {
        self.0.end_reservation(&task.body()?).await?;
        Ok(Next::Done)
    }
}

/// Gives money back.
pub(super) struct RefundRunner(pub(super) Orders);

#[async_trait]
impl TaskRunner for RefundRunner {
    async fn run(&self, task: &Leased) -> Result<Next> {
        self.0.refund(&task.body()?).await?;
        Ok(Next::Done)
    }
}
