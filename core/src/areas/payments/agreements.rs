//! Payments that a vendor takes by itself, because their payer agreed to it there: they are found, and booked as any other.

use portcullis_ports::id::{PaymentId, SubscriptionId};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Money};
use portcullis_ports::outcome::{Reference, Resolution};
use portcullis_ports::payments::{
    CallKey, KnownOrder, PaymentEvent, PaymentStatus, Snapshot, Sought, VendorRef,
};
use portcullis_ports::storage::Range;
use portcullis_ports::{Error, Result, Timestamp};

use super::Payments;
use super::apply::{Rows, apply};
use super::model::{Finding, InvoiceId, Purpose};
use super::records::{Attempt, ChargedSource, PaymentRecord};
use super::rows::{mark_begun, mark_captured, mark_open};
use super::settle::{Follow, happened};
use super::status::Status;
use super::tallied::counted;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::inbox::Handled;

/// How many payments of a customer are looked at, newest first.
const NEWEST: usize = 100;

/// A charge that a vendor made by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AgreedCharge<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) instance: &'a str,
    pub(crate) subscription: &'a SubscriptionId,
    /// The invoice that it pays; nothing of a charge that nobody agreed to any more, which is to the payer's credit.
    pub(crate) invoice: Option<&'a InvoiceId>,
    /// What was agreed to.
    pub(crate) ordered: Amount,
    pub(crate) description: &'a str,
    /// How the vendor shows it.
    pub(crate) picture: &'a Snapshot,
}

/// What a vendor shows of a charge that it made by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChargeProof {
    /// The money was taken.
    Taken(Box<Snapshot>),
    /// It came to no money, and will not.
    Nothing,
    /// Nobody knows yet.
    Open,
}

/// Who has to hear of subscriptions that vendors collect.
#[async_trait::async_trait]
pub(crate) trait AgreementEvents: Send + Sync + 'static {
    /// Applies what a vendor tells of a subscription, by asking it. `None` of a subscription that is not known.
    ///
    /// # Errors
    /// Whatever store and vendor answer: then it is to be applied again.
    async fn told(&self, instance: &str, event: &PaymentEvent) -> Result<Option<Handled>>;
}

impl PaymentRecord {
    /// Whether a vendor took it by itself for this subscription.
    fn is_of(&self, subscription: &SubscriptionId) -> bool {
        matches!(&self.source, ChargedSource::Agreement { subscription: own } if own == subscription)
    }
}

impl Payments {
    /// Whether a charge of a vendor is booked as a payment.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub(crate) async fn knows_charge(&self, instance: &str, theirs: &VendorRef) -> Result<bool> {
        Ok(self.owner_of(instance, theirs).await?.is_some())
    }

    /// What became of a charge that a vendor made by itself.
    ///
    /// # Errors
    /// `payment-vendor-unclear` for a vendor that is not connected any more.
    pub(crate) async fn agreed_charge(
        &self,
        instance: &str,
        theirs: &VendorRef,
        (ordered, at): (Amount, Timestamp),
    ) -> Result<ChargeProof> {
        let sought = Sought {
            reference: Reference::Theirs(theirs.to_string()),
            customer: None,
            key: CallKey::parse("agreement").map_err(Error::internal)?,
            sent_at: at,
            known: Some(KnownOrder {
                amount: ordered,
                method: None,
                booked: Money::zero(ordered.get().currency),
                refunds: Vec::new(),
                called_off: false,
                latest: true,
            }),
        };
        let Resolution::Found(outcome) = self.vendors.named(instance)?.find(&sought).await else {
            return Ok(ChargeProof::Open);
        };
        Ok(match outcome.snapshot() {
            Some(taken) if taken.status == PaymentStatus::Succeeded && taken.captured.is_positive() => {
                ChargeProof::Taken(Box::new(taken.clone()))
            }
            Some(over) if matches!(over.status, PaymentStatus::Failed | PaymentStatus::Canceled) => {
                ChargeProof::Nothing
            }
            _ => ChargeProof::Open,
        })
    }

    /// Adds a charge to a commit as a payment of its own: what was taken, given back and contested of it is posted, and the
    /// invoice that it pays is told. The commit fails if the charge is booked already.
    ///
    /// # Errors
    /// Whatever store and ledger answer.
    pub(crate) async fn book_charge(
        &self,
        batch: &mut Batch,
        charge: &AgreedCharge<'_>,
        source: &Source,
    ) -> Result<PaymentId> {
        let now = self.context.now();
        let payment = self.drafted_charge(charge, now)?;
        let before = Rows::begun(payment.clone());
        let mut rows = Rows::begun(payment);
        let movements = apply(&mut rows, charge.picture, &*self.context, now)?;
        if charge.invoice.is_none() {
            rows.payment.found(Finding::AfterEnd);
        }
        let posted = self.post(batch, &mut rows, &movements).await?;
        self.tell_moved(batch, Status::Processing, &rows, &movements)
            .await?;
        self.tallies.add(batch, counted(&before, &rows))?;
        mark_begun(batch, &rows.payment)?;
        self.add_new_names(batch, &rows.payment)?;
        mark_open(batch, &before, &rows)?;
        mark_captured(batch, &before.payment, &rows.payment)?;
        let told = happened(&before, &rows, source);
        if !told.is_empty() {
            self.audit.append(batch, charge.subject, &told).await?;
        }
        self.follow(batch, &rows).await?;
        self.note_changes(batch, None, &mut rows, posted, source)?;
        batch.insert(&rows.payment)?;
        for refund in &rows.refunds {
            batch.insert(refund)?;
        }
        for dispute in &rows.disputes {
            batch.insert(dispute)?;
        }
        Ok(rows.payment.id)
    }

    /// Looks at a charge that is booked: what was given back or contested of it since is booked as well.
    ///
    /// # Errors
    /// Whatever store and vendor answer.
    pub(crate) async fn look_at_charge(
        &self,
        instance: &str,
        theirs: &VendorRef,
        source: &Source,
    ) -> Result<()> {
        if let Some(owner) = self.owner_of(instance, theirs).await? {
            self.look(&owner.subject, &owner.payment, source, Follow::Task)
                .await?;
        }
        Ok(())
    }

    /// Whether no later payment of the same subscription is booked. What is of no subscription is the latest of it.
    pub(super) async fn is_latest(&self, payment: &PaymentRecord) -> Result<bool> {
        let ChargedSource::Agreement { subscription } = &payment.source else {
            return Ok(true);
        };
        let payments = self.context.table::<PaymentRecord>();
        let range = Range::Prefix(PaymentRecord::PREFIX.into());
        let subject = payment.subject.as_str();
        let (newest, _) = payments.page_newest_first(subject, range, NEWEST, None).await?;
        let last = newest.iter().find(|one| one.value.is_of(subscription));
        Ok(last.is_none_or(|last| last.value.id == payment.id))
    }

    /// How many payments of the same subscription are booked, if a vendor took it by itself.
    pub(super) async fn of_payments(&self, payment: &PaymentRecord) -> Result<Option<u32>> {
        let ChargedSource::Agreement { subscription } = &payment.source else {
            return Ok(None);
        };
        let payments = self.context.table::<PaymentRecord>();
        let (mut count, mut after) = (0_u32, None);
        loop {
            let range = Range::Prefix(PaymentRecord::PREFIX.into());
            let subject = payment.subject.as_str();
            let (page, next) = payments.page_newest_first(subject, range, NEWEST, after).await?;
            let of_it = page.iter().filter(|one| one.value.is_of(subscription)).count();
            count = count.saturating_add(u32::try_from(of_it).unwrap_or(u32::MAX));
            after = next;
            if after.is_none() {
                return Ok(Some(count));
            }
        }
    }

    fn drafted_charge(&self, charge: &AgreedCharge<'_>, now: Timestamp) -> Result<PaymentRecord> {
        let purpose = match charge.invoice {
            Some(invoice) => Purpose::Invoice {
                invoice: invoice.clone(),
            },
            None => Purpose::Balance,
        };
        Ok(PaymentRecord {
            id: PaymentId::time_ordered(now, self.context.entropy.as_ref())?,
            subject: charge.subject.clone(),
            instance: charge.instance.to_owned(),
            purpose,
            amount: charge.ordered,
            capture_later: false,
            source: ChargedSource::Agreement {
                subscription: charge.subscription.clone(),
            },
            description: charge.description.to_owned(),
            customer: None,
            status: Status::Processing,
            attempts: vec![Attempt {
                theirs: charge.picture.theirs.clone(),
                ..Attempt::new()
            }],
            call: None,
            calls: 0,
            hold: None,
            refunds: Vec::new(),
            disputes: Vec::new(),
            ip: None,
            late: charge.invoice.is_none(),
            findings: Vec::new(),
            explained: Vec::new(),
            captured_at: None,
            received: Vec::new(),
            commits: 0,
            looks: 0,
            created_at: now,
            updated_at: now,
        })
    }
}
