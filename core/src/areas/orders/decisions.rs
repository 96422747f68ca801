//! What buyers ask for, and what operators decide.

use portcullis_ports::identity::Subject;
use portcullis_ports::{Error, Result, Timestamp};

use super::books::Changing;
use super::commands::{Decision, RequestCancel, ShipOrder};
use super::model::{OrderBecause, OrderEventKind, OrderNote, OrderStatus, Shipping};
use super::records::{Cancel, GiveBack, OrderActor, OrderName, OrderRecord};
use super::views::OrderView;
use super::{ORDER_CHANGED, ORDER_NOT_FOUND, ORDER_STATE, OrderId, Orders, actions, events};
use crate::areas::operators::Operator;
use crate::areas::sessions::SignedIn;
use crate::foundation::input::{DECADE, refused, within};
use crate::foundation::table::Batch;
use crate::services::audit::Event;

fn text(note: Option<&OrderNote>) -> Option<String> {
    note.map(ToString::to_string)
}

impl Orders {
    /// Asks for one's own order to be called off. Asked twice it changes nothing more.
    ///
    /// # Errors
    /// Those of [`RequestCancel`].
    pub async fn request_cancel(
        &self,
        who: &SignedIn,
        id: &OrderId,
        command: &RequestCancel,
    ) -> Result<OrderView> {
        let owner = who.subject();
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, owner).await;
                let mut changing = Changing::of(self.books.order_in(&batch, owner, id).await?);
                as_read(changing.read(), command.version)?;
                match changing.read().status {
                    OrderStatus::CancelRequested => return Ok(OrderView::of(changing.read())),
                    OrderStatus::Pending | OrderStatus::Completed => {}
                    other => return Err(state(other, "only one that waits or is paid can be called off")),
                }
                let now = self.context.now();
                let order = changing.order();
                order.status = OrderStatus::CancelRequested;
                order.cancel = Some(Cancel {
                    requested_at: now,
                    reason: command.reason.clone(),
                    approved: None,
                    responded_at: None,
                    note: None,
                });
                let note = text(command.reason.as_ref());
                changing.tell(OrderEventKind::CancelRequested, OrderActor::Buyer, note, None);
                let event = Event::success(events::CANCEL_REQUESTED, &who.source).with("order", id);
                self.books.audit.append(&mut batch, owner, &[event]).await?;
                let order = self.books.save(&mut batch, changing)?;
                self.context.commit(batch).await?;
                Ok(OrderView::of(&order))
            })
            .await
    }

    /// Writes down how an order is shipped.
    ///
    /// # Errors
    /// Those of [`ShipOrder`]; `invalid-request` where nothing is said.
    pub async fn ship(&self, operator: &Operator, id: &OrderId, command: &ShipOrder) -> Result<OrderView> {
        if command.shipping == <_>::default() {
            return Err(refused("/shipping", "something about the shipping is expected"));
        }
        self.may_be_told(&command.shipping)?;
        let owner = self.owner(id).await?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, &owner).await;
                let mut changing = Changing::of(self.books.order_in(&batch, &owner, id).await?);
                as_read(changing.read(), command.version)?;
                let order = changing.order();
                if order.status.is_over() || !order.kept {
                    return Err(state(order.status, "only one that is paid can be shipped"));
                }
                let shipping = order.shipping.take().unwrap_or_default();
                let shipping = shipping.with(&command.shipping);
                let note = text(shipping.tracking_number.as_ref());
                order.shipping = Some(shipping);
                changing.tell(OrderEventKind::Shipped, OrderActor::Operator, note, None);
                let event = Event::success(events::OPERATOR_SHIPPED, &operator.who.source).with("order", id);
                self.operators
                    .append(&mut batch, operator, Some(&owner), &event)
                    .await?;
                let order = self.books.save(&mut batch, changing)?;
                self.context.commit(batch).await?;
                Ok(OrderView::of(&order))
            })
            .await
    }

    /// Refuses moments that nothing was shipped at.
    fn may_be_told(&self, shipping: &Shipping) -> Result<()> {
        let now = self.context.now();
        let (bounds, advice) = (
            now - DECADE..=now + DECADE,
            "a moment within ten years of now is expected, in Unix seconds",
        );
        for (pointer, moment) in [
            ("/shipping/shipped_at", shipping.shipped_at),
            ("/shipping/delivered_at", shipping.delivered_at),
        ] {
            within(pointer, moment.map(Timestamp::from_seconds), &bounds, advice)?;
        }
        Ok(())
    }

    /// Decides about an order. Money is given back by a task, as its payment allows.
    ///
    /// # Errors
    /// Those of [`super::DecideOrder`].
    pub async fn decide(
        &self,
        operator: &Operator,
        id: &OrderId,
        decision: &Decision,
        version: Option<u32>,
    ) -> Result<OrderView> {
        self.step_up.require(actions::DECIDE_ORDER, &operator.who).await?;
        let owner = self.owner(id).await?;
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, &owner).await;
                let mut changing = Changing::of(self.books.order_in(&batch, &owner, id).await?);
                as_read(changing.read(), version)?;
                self.decide_in(&mut batch, &mut changing, operator, decision)
                    .await?;
                let kind = match decision {
                    Decision::Complete { .. } => events::OPERATOR_COMPLETED,
                    Decision::Revert { .. } => events::OPERATOR_REVERTED,
                    Decision::ApproveCancel { .. } | Decision::DenyCancel { .. } => events::OPERATOR_ANSWERED,
                };
                let event = Event::success(kind, &operator.who.source)
                    .with("order", id)
                    .with("status", changing.read().status.as_str());
                self.operators
                    .append(&mut batch, operator, Some(&owner), &event)
                    .await?;
                let order = self.books.save(&mut batch, changing)?;
                self.context.commit(batch).await?;
                Ok(OrderView::of(&order))
            })
            .await
    }

    async fn decide_in(
        &self,
        batch: &mut Batch,
        changing: &mut Changing,
        operator: &Operator,
        decision: &Decision,
    ) -> Result<()> {
        let status = changing.read().status;
        match decision {
            Decision::Complete { processor_ref, note } => {
                let order = changing.order();
                if !order.kept || !matches!(status, OrderStatus::Completed | OrderStatus::CancelDenied) {
                    return Err(state(
                        status,
                        "only one that is paid can be completed; payments pay it",
                    ));
                }
                order.status = OrderStatus::Completed;
                order.processor_ref = processor_ref.clone().or(order.processor_ref.take());
                changing.tell(
                    OrderEventKind::Completed,
                    OrderActor::Operator,
                    text(note.as_ref()),
                    None,
                );
            }
            Decision::Revert { reason } => {
                let order = changing.read();
                if order.status.is_over() || order.paid <= order.refunded {
                    return Err(state(status, "only one that is paid can be reverted"));
                }
                let note = text(reason.as_ref());
                changing.tell(OrderEventKind::RefundOrdered, OrderActor::Operator, note, None);
                let wanted = give_back(operator, reason.as_ref());
                self.books.give_back(batch, changing, Some(wanted)).await?;
            }
            Decision::ApproveCancel { note } => {
                self.answer(changing, true, note.as_ref())?;
                if changing.read().paid > changing.read().refunded {
                    let wanted = give_back(operator, note.as_ref());
                    self.books.give_back(batch, changing, Some(wanted)).await?;
                }
                self.books.end(batch, changing, OrderBecause::Requested).await?;
            }
            Decision::DenyCancel { note } => {
                self.answer(changing, false, note.as_ref())?;
                changing.order().status = OrderStatus::CancelDenied;
                let note = text(note.as_ref());
                changing.tell(OrderEventKind::CancelDenied, OrderActor::Operator, note, None);
            }
        }
        Ok(())
    }

    fn answer(&self, changing: &mut Changing, approved: bool, note: Option<&OrderNote>) -> Result<()> {
        let now = self.context.now();
        let order = changing.order();
        let status = order.status;
        let asked = status == OrderStatus::CancelRequested;
        let Some(cancel) = order.cancel.as_mut().filter(|_| asked) else {
            return Err(state(status, "its buyer has not asked for it to be called off"));
        };
        cancel.approved = Some(approved);
        cancel.responded_at = Some(now);
        cancel.note = note.cloned();
        Ok(())
    }

    /// Whose order it is, for operators.
    ///
    /// # Errors
    /// `order-not-found`.
    pub(super) async fn owner(&self, id: &OrderId) -> Result<Subject> {
        let names = self.context.table::<OrderName>();
        let name = names.find(id.as_str(), OrderName::SORT).await?;
        let name = name.ok_or_else(|| ORDER_NOT_FOUND.error())?;
        Ok(name.value.subject)
    }
}

fn give_back(operator: &Operator, reason: Option<&OrderNote>) -> GiveBack {
    GiveBack {
        operator: Some(operator.subject().clone()),
        reason: reason.cloned(),
    }
}

fn as_read(order: &OrderRecord, version: Option<u32>) -> Result<()> {
    match version {
        Some(version) if version != order.version => Err(ORDER_CHANGED.error()),
        _ => Ok(()),
    }
}

fn state(status: OrderStatus, rule: &str) -> Error {
    ORDER_STATE.with_detail(format!("The order is `{}`: {rule}.", status.as_str()))
}
