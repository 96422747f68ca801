//! What rules learn in the commits of others: debits, and their payments.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Money};

use super::AutopayRules;
use super::events;
use super::model::AutopayResult;
use super::notices::Notice;
use super::records::{Rule, Trigger};
use crate::areas::ledger::{COLLECTING, DebitObserver};
use crate::areas::payments::{NOTHING_DUE, PaymentNews, PaymentObserver, Purpose, Status};
use crate::foundation::source::Source;
use crate::foundation::table::{Batch, Slot};
use crate::services::audit::Event;

#[async_trait]
impl DebitObserver for AutopayRules {
    async fn debited(&self, batch: &mut Batch, subject: &Subject, payable: Money) -> Result<()> {
        let Some(rule) = self.find(subject, payable.currency).await? else {
            return Ok(());
        };
        let reached = match rule.trigger {
            Trigger::Due => true,
            Trigger::Threshold { minor } => payable.minor >= minor,
            // Its turns are planned already.
            Trigger::Day { .. } => false,
        };
        if rule.enabled && reached && rule.open.is_none() {
            self.look_at(batch, &rule, self.context.now()).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl PaymentObserver for AutopayRules {
    async fn due(&self, _: &mut Batch, _: &Subject, _: &Purpose) -> Result<Option<Amount>> {
        Ok(None)
    }

    async fn begun(&self, batch: &mut Batch, payment: &PaymentNews<'_>) -> Result<()> {
        // Nobody else charges what is on the balance while its customer is away.
        if !payment.absent || *payment.purpose != Purpose::Balance {
            return Ok(());
        }
        let amount = payment.amount.get();
        let found = self.found(batch, payment.subject, amount.currency).await?;
        let Some(mut slot) = found.filter(|found| found.value.enabled) else {
            return Err(NOTHING_DUE.error());
        };
        if slot.value.open.is_some() {
            return Err(COLLECTING.error());
        }
        let now = self.context.now();
        // The rule may have changed since it was looked at: whoever looks again holds it back.
        if slot.value.exceeded(amount.minor, now)?.is_some() {
            return Err(NOTHING_DUE.error());
        }
        slot.value.begin(payment.id, amount.minor, now)?;
        batch.save(&slot)
    }

    async fn moved(&self, batch: &mut Batch, payment: &PaymentNews<'_>) -> Result<()> {
        if *payment.purpose != Purpose::Balance || payment.before == payment.status {
            return Ok(());
        }
        let currency = payment.amount.get().currency;
        let Some(mut slot) = self.found(batch, payment.subject, currency).await? else {
            return Ok(());
        };
        let open = slot.value.open.clone();
        match open.filter(|open| open.id == *payment.id) {
            Some(open) if payment.ended() => {
                if payment.status == Status::Succeeded {
                    self.collected(batch, &mut slot, &open, payment).await
                } else {
                    self.refused(batch, &mut slot, &open, payment).await
                }
            }
            Some(open) if payment.status == Status::RequiresAction && !open.asked => {
                if let Some(open) = &mut slot.value.open {
                    open.asked = true;
                }
                batch.save(&slot)?;
                self.tell(batch, &slot.value, &Notice::NeedsCustomer(payment.amount.get()))
                    .await
            }
            Some(_) => Ok(()),
            None => self.other_moved(batch, slot, payment).await,
        }
    }
}

impl AutopayRules {
    async fn collected(
        &self,
        batch: &mut Batch,
        slot: &mut Slot<Rule>,
        open: &super::records::OpenPayment,
        payment: &PaymentNews<'_>,
    ) -> Result<()> {
        let now = self.context.now();
        slot.value.succeeded(open, payment.captured.minor, now);
        batch.save(slot)?;
        self.tell(batch, &slot.value, &Notice::Collected(payment.captured))
            .await?;
        // More may have become due meanwhile.
        let next = slot.value.next_look(self.notice()).unwrap_or(now);
        self.look_at(batch, &slot.value, next).await
    }

    async fn refused(
        &self,
        batch: &mut Batch,
        slot: &mut Slot<Rule>,
        open: &super::records::OpenPayment,
        payment: &PaymentNews<'_>,
    ) -> Result<()> {
        let (now, amount) = (self.context.now(), payment.amount.get());
        let class = payment.failure.map(|failure| failure.class);
        let result = slot.value.failed(open, class, (now, &self.settings.retry));
        batch.save(slot)?;
        let rule = &slot.value;
        let notice = match (result, rule.retry_at) {
            (AutopayResult::Retrying, Some(at)) => Notice::Retrying(amount, rule.zone.date_text(at)?),
            (AutopayResult::Stopped, _) => Notice::HardDecline(amount),
            (AutopayResult::NeedsCustomer, _) => Notice::NeedsCustomer(amount),
            _ => Notice::GivenUp(amount),
        };
        // Whoever was asked to confirm, and let it pass, knows.
        if !(result == AutopayResult::NeedsCustomer && open.asked) {
            self.tell(batch, rule, &notice).await?;
        }
        if result == AutopayResult::Stopped {
            let source = Source::internal("autopay");
            let event = Event::info(events::STOPPED, &source)
                .with("currency", rule.currency)
                .with("payment", payment.id);
            self.audit.append(batch, payment.subject, &[event]).await?;
        }
        match rule.next_look(self.notice()) {
            Some(due) => self.look_at(batch, rule, due).await,
            None => Ok(()),
        }
    }

    /// A payment that the customer made, or one that had been given up.
    async fn other_moved(
        &self,
        batch: &mut Batch,
        mut slot: Slot<Rule>,
        payment: &PaymentNews<'_>,
    ) -> Result<()> {
        let now = self.context.now();
        let rule = &mut slot.value;
        let last = rule.last.as_ref().and_then(|last| last.payment_id.as_ref());
        if payment.late && payment.status == Status::Succeeded && last == Some(payment.id) {
            // It was given up, and counted no more.
            let month = rule.month_at(now)?;
            rule.count(&month, payment.captured.minor);
            return batch.save(&slot);
        }
        let gave_back = payment.ended() && payment.status != Status::Succeeded;
        let waits = !matches!(rule.trigger, Trigger::Day { .. }) && rule.enabled && rule.open.is_none();
        if gave_back && waits {
            let due = rule.retry_at.map_or(now, |retry| retry.max(now));
            return self.look_at(batch, rule, due).await;
        }
        Ok(())
    }
}
