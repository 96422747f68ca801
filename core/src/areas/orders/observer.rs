//! What payments do to orders, each in the commit of the payment.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Amount;

use super::books::{Changing, OrderBooks};
use super::model::{OrderBecause, OrderEventKind, OrderStatus};
use super::records::OrderActor;
use super::{ORDER_STATE, events};
use crate::areas::ledger::COLLECTING;
use crate::areas::payments::{Movement, PaymentNews, PaymentObserver, Purpose, Status};
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

#[async_trait]
impl PaymentObserver for OrderBooks {
    async fn due(&self, batch: &mut Batch, subject: &Subject, purpose: &Purpose) -> Result<Option<Amount>> {
        let Purpose::Order { order } = purpose else {
            return Ok(None);
        };
        let order = self.order_in(batch, subject, order).await?.value;
        if let Some(payment) = order.payment.as_ref().filter(|_| order.paying) {
            return Err(COLLECTING.error().member("payment_id", payment.to_string()));
        }
        if order.status != OrderStatus::Pending || order.payment.is_some() {
            return Err(ORDER_STATE.with_detail("Only an order that waits for its payment is paid."));
        }
        Amount::new(order.total).map(Some)
    }

    async fn begun(&self, batch: &mut Batch, payment: &PaymentNews<'_>) -> Result<()> {
        let Purpose::Order { order } = payment.purpose else {
            return Ok(());
        };
        let mut changing = Changing::of(self.order_in(batch, payment.subject, order).await?);
        if payment.amount.get() != changing.read().total {
            return Err(ORDER_STATE.with_detail("An order is paid as a whole."));
        }
        let order = changing.order();
        order.payment = Some(payment.id.clone());
        order.paying = true;
        let amount = Some(payment.amount.get().minor);
        changing.tell(OrderEventKind::PaymentBegun, OrderActor::Buyer, None, amount);
        self.save(batch, changing).map(drop)
    }

    async fn moved(&self, batch: &mut Batch, payment: &PaymentNews<'_>) -> Result<()> {
        let Purpose::Order { order } = payment.purpose else {
            return Ok(());
        };
        let mut changing = Changing::of(self.order_in(batch, payment.subject, order).await?);
        let before = changing.read().clone();
        changing.order().paid = payment.captured.minor;
        changing.order().paying &= !payment.status.is_final();
        self.follow_money(batch, &mut changing, payment).await?;
        let order = changing.read();
        let more = order.paid > before.paid;
        if !order.kept && !order.status.is_over() {
            let whole = payment.status == Status::Succeeded && order.paid >= order.total.minor;
            if whole {
                self.keep(batch, &mut changing).await?;
            } else if payment.ended() {
                let because = if order.paid > 0 {
                    OrderBecause::PaidInPart
                } else {
                    let reason = payment.failure.map(|failure| failure.code.clone());
                    changing.tell(OrderEventKind::PaymentFailed, OrderActor::Service, reason, None);
                    OrderBecause::PaymentFailed
                };
                self.end(batch, &mut changing, because).await?;
            }
        } else if more && order.status.is_over() {
            let late = Some(order.paid - before.paid);
            changing.tell(OrderEventKind::PaidLate, OrderActor::Service, None, late);
            self.give_back(batch, &mut changing, None).await?;
        }
        if changing.is_untouched() && *changing.read() == before {
            return Ok(());
        }
        self.save(batch, changing).map(drop)
    }
}

impl OrderBooks {
    /// What was given back, and what of that has come back.
    async fn follow_money(
        &self,
        batch: &mut Batch,
        changing: &mut Changing,
        payment: &PaymentNews<'_>,
    ) -> Result<()> {
        for movement in payment.movements {
            match movement {
                Movement::Refunded(_, amount) => {
                    let minor = amount.get().minor;
                    changing.order().refunded += minor;
                    changing.tell(OrderEventKind::Refunded, OrderActor::Service, None, Some(minor));
                    self.revert(batch, changing).await?;
                }
                Movement::RefundReturned(_, amount) => {
                    let minor = amount.get().minor;
                    changing.order().refunded -= minor;
                    changing.tell(
                        OrderEventKind::RefundReturned,
                        OrderActor::Service,
                        None,
                        Some(minor),
                    );
                    // Where it stands does not go back: what is over keeps no money.
                    let order = changing.read();
                    if order.status.is_over() || order.give_back.is_some() {
                        self.give_back(batch, changing, None).await?;
                    }
                }
                // What a bank takes back is a matter of the payment: the order was kept.
                Movement::Captured { .. }
                | Movement::Withdrawn(..)
                | Movement::Reinstated(..)
                | Movement::WrittenOff(..)
                | Movement::WriteOffReturned(..)
                | Movement::Fee(_)
                | Movement::DisputeFee(..)
                | Movement::HoldReleased(_) => {}
            }
        }
        Ok(())
    }

    /// An order of which nothing is left to be given back is reverted, unless it was called off.
    async fn revert(&self, batch: &mut Batch, changing: &mut Changing) -> Result<()> {
        let order = changing.read();
        if !order.kept || order.status.is_over() || order.refunded < order.paid {
            return Ok(());
        }
        self.release(batch, changing).await?;
        let now = self.context.now();
        let order = changing.order();
        order.status = OrderStatus::Reverted;
        order.reverted_at = Some(now);
        let source = Source::internal("orders");
        let event = Event::info(events::REVERTED, &source).with("order", &order.id);
        self.audit.append(batch, &order.subject, &[event]).await
    }
}
