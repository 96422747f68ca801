//! What payment vendors post: it wakes whoever looks, and is never believed itself.
//!
//! Events repeat and come in any order, so none of them moves anything: the vendor is asked how the payment stands now.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::connections::{Connection, Connections};
use portcullis_ports::inbound::Verified;
use portcullis_ports::outcome::{Reference, Resolution};
use portcullis_ports::payments::{CallKey, EventOrigin, EventTopic, PaymentEvent, Sought, VendorRef};
use portcullis_ports::{Error, Result, Timestamp};

use super::Payments;
use super::agreements::AgreementEvents;
use super::booked::PaymentOwner;
use super::settle::Follow;
use crate::foundation::guard::GuardedPayments;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::foundation::task_kind::TaskKind;
use crate::services::inbox::{self, EventHandler, Handled, Inbox};
use crate::services::webhooks::Webhooks;

/// The events of all payment vendors.
pub(crate) const PAYMENT_EVENTS: TaskKind =
    inbox::task_kind("payment-events", "Applies what payment vendors report.");

impl Payments {
    /// Applies what a vendor tells, by asking it. Twice, or in another order, it comes to the same.
    ///
    /// # Errors
    /// Whatever store and vendor answer: then it is to be applied again.
    #[cfg(test)]
    pub(crate) async fn apply_event(&self, instance: &str, event: &PaymentEvent) -> Result<Handled> {
        self.applied(instance, event).await.map(|(handled, _)| handled)
    }

    /// The same, and adds to a commit that it was told, beside the payment that it is about. What follows from it is committed
    /// before: the vendor is asked in between, and doing that twice does no harm.
    pub(crate) async fn hear(
        &self,
        batch: &mut Batch,
        instance: &str,
        event: &PaymentEvent,
        received_at: Timestamp,
    ) -> Result<Handled> {
        let (handled, about) = self.applied(instance, event).await?;
        if let Some((owner, place)) = about {
            let told = (event, received_at, handled);
            self.note_event(batch, instance, told, (&owner, place)).await?;
        }
        Ok(handled)
    }

    /// The same, with the payment that it is about and the commit of it behind which the event came.
    async fn applied(
        &self,
        instance: &str,
        event: &PaymentEvent,
    ) -> Result<(Handled, Option<(PaymentOwner, u32)>)> {
        if event.origin != EventOrigin::Own {
            tracing::warn!(
                instance,
                event = event.id,
                "a payment vendor told of another account or mode"
            );
            return Ok((Handled::Foreign, None));
        }
        match event.topic {
            EventTopic::Method | EventTopic::Setup => {
                let changed = self.methods.apply_event(instance, event).await?;
                Ok((changed_or_not(changed), None))
            }
            EventTopic::Payment | EventTopic::Refund | EventTopic::Dispute => {
                let Some(owner) = self.owner_named(instance, event).await? else {
                    return Ok((Handled::Parked, None));
                };
                let (subject, payment) = (&owner.subject, &owner.payment);
                let source = Source::internal(&format!("webhook of {instance}"));
                let named = event.payment.as_ref();
                let looked = self
                    .look_at((subject, payment), named, &source, Follow::Task)
                    .await?;
                let place = looked.rows.payment.commits.saturating_sub(looked.changed.into());
                let looked = self.take_last_step(looked, &source, Follow::Task).await?;
                Ok((changed_or_not(looked.changed), Some((owner, place))))
            }
            // Whoever follows subscriptions was asked before.
            EventTopic::Subscription => Ok((Handled::Parked, None)),
            EventTopic::Other(_) => Ok((Handled::Ignored, None)),
        }
    }

    /// Whose payment an event is about: by our name, which the vendor keeps for us, or else by its own.
    async fn owner_named(&self, instance: &str, event: &PaymentEvent) -> Result<Option<PaymentOwner>> {
        if let Some(attempt) = &event.attempt
            && let Some(owner) = self.owner(&attempt.payment).await?
        {
            return Ok(Some(owner));
        }
        let Some(theirs) = &event.payment else {
            return Ok(None);
        };
        match self.owner_of(instance, theirs).await? {
            Some(owner) => Ok(Some(owner)),
            None => self.owner_told(instance, event, theirs).await,
        }
    }

    /// The same for an event that names a part of a payment only, as a refund of the vendor's desk does: the vendor says which
    /// payment that is, and gives our name for it back.
    async fn owner_told(
        &self,
        instance: &str,
        event: &PaymentEvent,
        theirs: &VendorRef,
    ) -> Result<Option<PaymentOwner>> {
        let sought = Sought {
            reference: Reference::Theirs(theirs.to_string()),
            customer: None,
            key: CallKey::parse("event").map_err(Error::internal)?,
            sent_at: event.at,
            known: None,
        };
        let resolution = self.vendors.named(instance)?.find(&sought).await;
        let Resolution::Found(outcome) = resolution else {
            return Ok(None);
        };
        let picture = outcome.snapshot();
        match picture.map(|picture| (&picture.ours, &picture.theirs)) {
            Some((Some(ours), _)) => self.owner(&ours.payment).await,
            Some((None, Some(whole))) => self.owner_of(instance, whole).await,
            _ => Ok(None),
        }
    }

    /// Takes the deliveries to the webhooks of all vendors.
    pub(crate) fn register_webhooks(
        &self,
        (inbox, connections): (&Inbox, &Connections),
        webhooks: &mut Webhooks,
        agreements: Arc<dyn AgreementEvents>,
    ) {
        let vendors: Vec<&Connection<portcullis_ports::payments::Payments>> = connections.many();
        for vendor in vendors {
            if let Some(inbound) = &vendor.inbound {
                let events = VendorEvents {
                    payments: self.clone(),
                    agreements: Arc::clone(&agreements),
                    instance: vendor.instance.clone(),
                };
                let limit = GuardedPayments::limit();
                inbox.register(webhooks, vendor, inbound, &PAYMENT_EVENTS, limit, events);
            }
        }
    }
}

fn changed_or_not(changed: bool) -> Handled {
    if changed {
        Handled::Applied
    } else {
        Handled::Unchanged
    }
}

/// The events of one vendor.
struct VendorEvents {
    payments: Payments,
    agreements: Arc<dyn AgreementEvents>,
    instance: String,
}

#[async_trait]
impl EventHandler<PaymentEvent> for VendorEvents {
    async fn apply(&self, batch: &mut Batch, event: &Verified<PaymentEvent>) -> Result<Handled> {
        let Self {
            payments,
            agreements,
            instance,
        } = self;
        let told = event.event();
        if told.origin == EventOrigin::Own
            && (told.subscription.is_some() || told.our_subscription.is_some())
            && let Some(handled) = agreements.told(instance, told).await?
            && told.topic == EventTopic::Subscription
        {
            return Ok(handled);
        }
        payments
            .hear(batch, instance, event.event(), event.received_at())
            .await
    }
}
