//! What happens elsewhere to somebody whose subscriptions vendors collect: billing is frozen, or money is given back.

use async_trait::async_trait;
use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Amount;

use super::SUBSCRIPTION_NOT_FOUND;
use super::books::{Running, SubscriptionBooks, source};
use super::commands::CancelWhen;
use super::end::cancelled;
use super::follow::FOLLOW;
use super::notices::Notice;
use super::records::{EndReason, SubscriptionRecord};
use super::status::SubscriptionStatus as Status;
use crate::areas::payments::{Movement, PaymentNews, PaymentObserver, Purpose};
use crate::foundation::table::Batch;
use crate::services::billing_freezes::FreezeObserver;

#[async_trait]
impl FreezeObserver for SubscriptionBooks {
    /// A vendor would go on charging: it is asked to take nothing more. What is paid is served to its end.
    async fn frozen(&self, batch: &mut Batch, subject: &Subject) -> Result<()> {
        for id in self.entitlements.live(batch, subject).await? {
            let mut slot = match self.read_in(batch, subject, &id).await {
                Ok(slot) => slot,
                Err(error) if error.code() == SUBSCRIPTION_NOT_FOUND => continue,
                Err(error) => return Err(error),
            };
            let before = slot.value.clone();
            if before.collector.is_none() || before.status == Status::Canceling {
                continue;
            }
            let (now, because) = (self.context.now(), EndReason::Operator);
            cancelled(&mut slot.value, CancelWhen::PeriodEnd, None, because, now)?;
            if slot.value.status == Status::Canceled {
                let ended = Notice::Ended(because);
                self.notify(batch, &slot.value, &ended).await?;
            }
            self.save(batch, &before, slot, &source()).await?;
            let written = self.read_in(batch, subject, &id).await?.value;
            self.plan(batch, &written, Running::Neither, false).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl PaymentObserver for SubscriptionBooks {
    async fn due(&self, _: &mut Batch, _: &Subject, _: &Purpose) -> Result<Option<Amount>> {
        Ok(None)
    }

    async fn begun(&self, _: &mut Batch, _: &PaymentNews<'_>) -> Result<()> {
        Ok(())
    }

    /// Some vendors end a subscription with the money that is given back of it.
    async fn moved(&self, batch: &mut Batch, payment: &PaymentNews<'_>) -> Result<()> {
        let back = |movement: &Movement| matches!(movement, Movement::Refunded(..) | Movement::Withdrawn(..));
        let Some(id) = payment.agreement.filter(|_| payment.movements.iter().any(back)) else {
            return Ok(());
        };
        let sort = SubscriptionRecord::sort(id);
        let again = batch.puts::<SubscriptionRecord>(payment.subject.as_str(), &sort);
        match self.read_in(batch, payment.subject, id).await {
            Ok(slot) => {
                let now = Some(self.context.now());
                self.look_at(batch, &FOLLOW, &slot.value, now, again).await
            }
            Err(error) if error.code() == SUBSCRIPTION_NOT_FOUND => Ok(()),
            Err(error) => Err(error),
        }
    }
}
