//! What vendors tell of the subscriptions that they collect: whose it is, and which one, if a page was used twice.

use async_trait::async_trait;
use portcullis_ports::payments::{EventTopic, PaymentEvent, SubscriptionState, VendorRef};
use portcullis_ports::{Result, Timestamp};

use super::agreement::VendorAgreement;
use super::books::{Running, source};
use super::records::{Period, SubscriptionName, SubscriptionRecord};
use super::status::SubscriptionStatus as Status;
use super::{SUBSCRIPTION_NOT_FOUND, Subscriptions, events};
use crate::areas::entitlements::SubscriptionId;
use crate::areas::payments::AgreementEvents;
use crate::foundation::table::Batch;
use crate::services::audit::EventOutcome;
use crate::services::inbox::Handled;

#[async_trait]
impl AgreementEvents for Subscriptions {
    async fn told(&self, instance: &str, event: &PaymentEvent) -> Result<Option<Handled>> {
        let mut owner = None;
        if let Some(theirs) = &event.subscription {
            owner = self.named(&self.name_of_theirs(instance, theirs)?).await?;
        }
        let mut unnamed = None;
        if let (None, Some(ours)) = (&owner, &event.our_subscription) {
            owner = self.named(&self.name_of_ours(ours)?).await?;
            unnamed = event.subscription.as_ref();
        }
        let Some(owner) = owner else {
            return Ok(None);
        };
        let (subject, mut id) = (&owner.subject, owner.subscription);
        let record = match self.record(subject, &id).await {
            Ok(record) => record,
            Err(error) if error.code() == SUBSCRIPTION_NOT_FOUND => return Ok(None),
            Err(error) => return Err(error),
        };
        let of_it = |vendor: &VendorAgreement| vendor.instance == instance;
        if !record.collector.as_ref().is_some_and(of_it) {
            return Ok(None);
        }
        if let Some(theirs) = unnamed {
            let learns = || self.learn(&record, instance, theirs);
            id = self.context.retried(learns).await?;
        }
        let looked = Box::pin(self.look(subject, &id, Running::Neither)).await?;
        if matches!(event.topic, EventTopic::Refund | EventTopic::Dispute) {
            let vendor = self.record(subject, &id).await?.collector;
            if let Some(last) = vendor.and_then(|vendor| vendor.last_charge) {
                self.payments.look_at_charge(instance, &last, &source()).await?;
            }
        }
        Ok(Some(if looked.changed {
            Handled::Applied
        } else {
            Handled::Unchanged
        }))
    }
}

impl Subscriptions {
    /// The vendor's name for a subscription became known. Gives the subscription that bears it: another one where this has
    /// another name already.
    async fn learn(
        &self,
        read: &SubscriptionRecord,
        instance: &str,
        theirs: &VendorRef,
    ) -> Result<SubscriptionId> {
        let now = self.context.now();
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, &read.subject).await;
        if let Some(known) = self.named(&self.name_of_theirs(instance, theirs)?).await? {
            return Ok(known.subscription);
        }
        let mut slot = self.books.read_in(&batch, &read.subject, &read.id).await?;
        let before = slot.value.clone();
        let Some(vendor) = &mut slot.value.collector else {
            return Ok(before.id);
        };
        if vendor.theirs.is_some() {
            return self.add_unwanted(batch, &before, (instance, theirs)).await;
        }
        vendor.theirs = Some(theirs.clone());
        vendor.order = None;
        vendor.seen = vendor.seen.saturating_add(1);
        if before.status.is_over() {
            slot.value.cancel_there(now);
        }
        self.add_their_name(&mut batch, &before, Some(theirs))?;
        self.books.save(&mut batch, &before, slot, &source()).await?;
        let written = self.books.read_in(&batch, &read.subject, &read.id).await?.value;
        self.books
            .plan(&mut batch, &written, Running::Neither, false)
            .await?;
        self.context.commit(batch).await?;
        Ok(before.id)
    }

    /// A page was used twice, and the vendor collects another subscription by it: it is over from the start, cancelled there, and
    /// what was taken for it is to the credit of who paid.
    async fn add_unwanted(
        &self,
        mut batch: Batch,
        wanted: &SubscriptionRecord,
        (instance, theirs): (&str, &VendorRef),
    ) -> Result<SubscriptionId> {
        let now = self.context.now();
        let id = SubscriptionId::time_ordered(now, self.context.entropy.as_ref())?;
        let Some(record) = wanted.unwanted(id, theirs, now) else {
            return Ok(wanted.id.clone());
        };
        tracing::warn!(subscription = %record.id, of = %wanted.id, "a page of a payment vendor was used twice");
        batch.insert(&record)?;
        batch.insert(&SubscriptionName {
            name: self.name_of_theirs(instance, theirs)?,
            subject: record.subject.clone(),
            subscription: record.id.clone(),
        })?;
        let by_itself = source();
        let event = events::created(&record, EventOutcome::Info, &by_itself);
        self.books
            .audit
            .append(&mut batch, &record.subject, &[event])
            .await?;
        self.books
            .plan(&mut batch, &record, Running::Neither, false)
            .await?;
        self.context.commit(batch).await?;
        Ok(record.id)
    }
}

impl SubscriptionRecord {
    /// The one that a vendor collects beside this one, for the same order.
    fn unwanted(&self, id: SubscriptionId, theirs: &VendorRef, now: Timestamp) -> Option<Self> {
        let vendor = self.collector.as_ref()?;
        let ordered_as = vendor.ordered_as.clone().unwrap_or_else(|| self.id.clone());
        let mut record = Self {
            id,
            status: Status::Canceled,
            period: Period {
                start: now,
                end: now,
                whole_from: now,
                trial: false,
            },
            billed: Vec::new(),
            set_off: 0,
            collector: Some(VendorAgreement {
                theirs: Some(theirs.clone()),
                ordered_as: Some(ordered_as),
                order: None,
                state: SubscriptionState::Active,
                requested: None,
                booked: 0,
                last_charge: None,
                last_charge_at: None,
                next_charge_at: None,
                awaited: false,
                unpaid_since: None,
                seen: 0,
                looks: 0,
                looked_at: now,
                ..vendor.clone()
            }),
            change: None,
            owed: Vec::new(),
            restricted: false,
            expiry_told: None,
            because: None,
            updated_at: now,
            canceled_at: Some(now),
            ended_at: Some(now),
            ..self.clone()
        };
        record.cancel_there(now);
        Some(record)
    }
}
