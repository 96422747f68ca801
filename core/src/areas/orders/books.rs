//! Writing orders: every change counts the version up, leaves its events, and keeps the list of what needs an operator.

use std::sync::Arc;

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;

use super::model::{OrderBecause, OrderEventKind, OrderStatus};
use super::notices::Notice;
use super::records::{GiveBack, OrderActor, OrderEvent, OrderLine, OrderRecord};
use super::runners::{OfOrder, REFUNDS};
use super::{ORDER_NOT_FOUND, OrderId, events};
use crate::areas::carts::Carts;
use crate::areas::catalog::Inventory;
use crate::foundation::context::Context;
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Slot, Stored};
use crate::services::audit::{Audit, Event};
use crate::services::owner_mail::OwnerMail;
use crate::services::tasks::Tasks;

/// Keeps the books of orders.
#[derive(Clone)]
pub(crate) struct OrderBooks {
    pub(super) context: Arc<Context>,
    pub(super) inventory: Inventory,
    pub(super) carts: Carts,
    pub(super) tasks: Tasks,
    pub(super) audit: Audit,
    pub(super) mail: OwnerMail,
}

/// An order that is being changed, and what is to be told of it.
pub(super) struct Changing {
    slot: Slot<OrderRecord>,
    needed_operator: bool,
    told: Vec<(OrderEventKind, OrderActor, Option<String>, Option<i64>)>,
}

impl Changing {
    pub(super) fn of(slot: Slot<OrderRecord>) -> Self {
        Self {
            needed_operator: slot.value.needs_operator(),
            slot,
            told: Vec::new(),
        }
    }

    pub(super) fn order(&mut self) -> &mut OrderRecord {
        &mut self.slot.value
    }

    pub(super) fn read(&self) -> &OrderRecord {
        &self.slot.value
    }

    pub(super) fn tell(
        &mut self,
        kind: OrderEventKind,
        by: OrderActor,
        note: Option<String>,
        amount: Option<i64>,
    ) {
        self.told.push((kind, by, note, amount));
    }

    pub(super) fn is_untouched(&self) -> bool {
        self.told.is_empty()
    }
}

impl OrderBooks {
    pub(crate) fn new(
        context: &Arc<Context>,
        (inventory, carts): (&Inventory, &Carts),
        (tasks, audit, mail): (&Tasks, &Audit, &OwnerMail),
    ) -> Self {
        Self {
            context: Arc::clone(context),
            inventory: inventory.clone(),
            carts: carts.clone(),
            tasks: tasks.clone(),
            audit: audit.clone(),
            mail: mail.clone(),
        }
    }

    /// An order of that person, as it will be once `batch` is done.
    ///
    /// # Errors
    /// `order-not-found`.
    pub(super) async fn order_in(
        &self,
        batch: &Batch,
        owner: &Subject,
        id: &OrderId,
    ) -> Result<Slot<OrderRecord>> {
        let table = self.context.table::<OrderRecord>();
        let found = table
            .found_in(batch, owner.as_str(), &OrderRecord::sort(id))
            .await?;
        found.ok_or_else(|| ORDER_NOT_FOUND.error())
    }

    /// Adds a changed order to a commit, with its events.
    pub(super) fn save(&self, batch: &mut Batch, changing: Changing) -> Result<OrderRecord> {
        let Changing {
            mut slot,
            needed_operator,
            told,
        } = changing;
        let order = &mut slot.value;
        let now = self.context.now();
        order.updated_at = now;
        order.version = order.version.saturating_add(1);
        for (kind, by, note, amount) in told {
            order.events = order.events.saturating_add(1);
            batch.insert(&OrderEvent {
                order: order.id.clone(),
                subject: order.subject.clone(),
                number: order.events,
                at: now,
                kind,
                by,
                note,
                amount,
            })?;
        }
        let line = OrderLine {
            order: order.id.clone(),
            subject: order.subject.clone(),
        };
        match (needed_operator, order.needs_operator()) {
            (false, true) => batch.overwrite(&line)?,
            (true, false) => {
                let (partition, sort) = line.key();
                batch.clear::<OrderLine>(partition, sort);
            }
            _ => {}
        }
        batch.save(&slot)?;
        Ok(slot.value)
    }

    /// It is paid, or costs nothing: sold if its pieces are reserved or left, and given back otherwise.
    pub(super) async fn keep(&self, batch: &mut Batch, changing: &mut Changing) -> Result<()> {
        let order = changing.read();
        if !order.holds && !self.inventory.try_take(batch, &order.quantities()).await? {
            return self.end(batch, changing, OrderBecause::OutOfStock).await;
        }
        Inventory::bought(batch, &order.subject, &order.quantities())?;
        let now = self.context.now();
        let order = changing.order();
        order.holds = true;
        order.kept = true;
        order.completed_at = Some(now);
        if matches!(order.status, OrderStatus::Pending | OrderStatus::CancelDenied) {
            order.status = OrderStatus::Completed;
        }
        let paid = order.paid;
        changing.tell(OrderEventKind::Paid, OrderActor::Service, None, Some(paid));
        let source = Source::internal("orders");
        let order = changing.read();
        let event = Event::success(events::COMPLETED, &source)
            .with("order", &order.id)
            .with("total", order.total);
        self.audit.append(batch, &order.subject, &[event]).await?;
        self.notify(batch, order, Notice::Confirmed).await
    }

    /// It is called off: its pieces are offered again, what was paid is given back, and its cart is open again where nothing
    /// was.
    pub(super) async fn end(
        &self,
        batch: &mut Batch,
        changing: &mut Changing,
        because: OrderBecause,
    ) -> Result<()> {
        self.release(batch, changing).await?;
        let now = self.context.now();
        let order = changing.order();
        order.status = OrderStatus::Cancelled;
        order.because = Some(because);
        order.cancelled_at = Some(now);
        order.kept = false;
        let by = if because == OrderBecause::Requested {
            OrderActor::Operator
        } else {
            OrderActor::Service
        };
        changing.tell(
            OrderEventKind::Cancelled,
            by,
            Some(because.as_str().to_owned()),
            None,
        );
        let source = Source::internal("orders");
        let order = changing.read();
        let event = Event::info(events::CANCELLED, &source)
            .with("order", &order.id)
            .with("because", because.as_str());
        self.audit.append(batch, &order.subject, &[event]).await?;
        if order.paid > order.refunded {
            self.give_back(batch, changing, None).await?;
            if because != OrderBecause::Requested {
                self.notify(batch, changing.read(), Notice::NotKept).await?;
            }
        } else if because != OrderBecause::Requested {
            let order = changing.read();
            self.carts
                .reopen(batch, &order.subject, &order.cart, &order.id)
                .await?;
        }
        Ok(())
    }

    /// Puts back what it holds of stock, unless it is on its way to the buyer.
    pub(super) async fn release(&self, batch: &mut Batch, changing: &mut Changing) -> Result<()> {
        let order = changing.read();
        if !order.holds || order.is_shipped() {
            return Ok(());
        }
        self.inventory.put_back(batch, &order.quantities()).await?;
        changing.order().holds = false;
        Ok(())
    }

    /// Has all that is left of its payment given back by a task, now.
    pub(super) async fn give_back(
        &self,
        batch: &mut Batch,
        changing: &mut Changing,
        wanted: Option<GiveBack>,
    ) -> Result<()> {
        let order = changing.order();
        let nobody = GiveBack {
            operator: None,
            reason: None,
        };
        match wanted {
            Some(wanted) => order.give_back = Some(wanted),
            None => drop(order.give_back.get_or_insert(nobody)),
        }
        self.plan_refund(batch, changing.read()).await
    }

    pub(super) async fn plan_refund(&self, batch: &mut Batch, order: &OrderRecord) -> Result<()> {
        let (id, now) = (order.id.as_str(), self.context.now());
        if Tasks::is_changed_in(batch, &REFUNDS, id) || self.tasks.move_in(batch, &REFUNDS, id, now).await? {
            return Ok(());
        }
        let body = OfOrder::of(order);
        self.tasks.plan(batch, &REFUNDS, id, now, &body).await.map(drop)
    }
}
