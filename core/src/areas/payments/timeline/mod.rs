//! What happened to a payment, in one list: commits, calls to the vendor, what the vendor told, postings, decisions.
//!
//! Each commit that changes a payment stores one entry of what it changed, beside the rows that it changes. Events of the
//! vendor and decisions of operators, which may change nothing, are entries of their own, behind the last commit before them.

mod changes;
mod records;
mod views;

use portcullis_ports::id::{self, PaymentId, TransactionId};
use portcullis_ports::payments::{PaymentEvent, Payments as VendorPort};
use portcullis_ports::plugin::Port;
use portcullis_ports::storage::Range;
use portcullis_ports::{Result, Timestamp};

pub use records::{CallOutcome, CallStep, EventResult};
use records::{Change, TimelineKey};
pub(super) use records::{Posted, TimelineEntry};
pub use views::{Timeline, TimelineItem, TimelineKind, TimelinePosting};

use super::apply::Rows;
use super::booked::PaymentOwner;
use super::records::PaymentRecord;
use super::{PAYMENT_NOT_FOUND, Payments};
use crate::areas::ledger::{self, HouseTransaction, Transaction};
use crate::areas::operators::Operator;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;
use crate::services::inbox::{self, Handled};

/// The most entries that are shown of one payment.
const MOST: usize = 1_000;
/// What the ids of decisions begin with.
const DECISION: &str = "dcs";

impl Payments {
    /// Everything that happened to a payment, oldest first; of 1,000 commits, events and decisions at most.
    ///
    /// # Errors
    /// `payment-not-found`.
    pub async fn timeline(&self, id: &PaymentId) -> Result<Timeline> {
        let owner = self.owner(id).await?.ok_or_else(|| PAYMENT_NOT_FOUND.error())?;
        let table = self.context.table::<TimelineEntry>();
        let range = Range::Prefix(TimelineEntry::prefix(id));
        let (page, more) = table.page(owner.subject.as_str(), range, MOST, None).await?;
        let mut entries: Vec<TimelineEntry> = page.into_iter().map(|entry| entry.value).collect();
        entries.sort_by(|a, b| (a.place, &a.key, a.at).cmp(&(b.place, &b.key, b.at)));
        Ok(Timeline {
            payment_id: id.clone(),
            items: entries.iter().flat_map(TimelineItem::of).collect(),
            complete: more.is_none(),
        })
    }

    /// Adds what a commit changes to it. Nothing for what changes nothing that anybody would ask for.
    pub(super) fn note_changes(
        &self,
        batch: &mut Batch,
        before: Option<&Rows>,
        after: &mut Rows,
        posted: Vec<Posted>,
        source: &Source,
    ) -> Result<()> {
        let mut changed = changes::between(before, after);
        changed.extend(posted.into_iter().map(Change::Posted));
        if changed.is_empty() {
            return Ok(());
        }
        after.payment.commits = after.payment.commits.saturating_add(1);
        let place = after.payment.commits;
        batch.insert(&TimelineEntry {
            subject: after.payment.subject.clone(),
            payment: after.payment.id.clone(),
            place,
            key: TimelineKey::Commit(place),
            at: self.context.now(),
            by: by(source),
            changes: changed,
        })
    }

    /// Adds what an operator decided about a payment.
    pub(super) fn note_decision(
        &self,
        batch: &mut Batch,
        payment: &PaymentRecord,
        operator: &Operator,
        (decision, reason): (&str, Option<&str>),
    ) -> Result<()> {
        let now = self.context.now();
        let id = id::time_ordered(DECISION, now, self.context.entropy.as_ref())?;
        batch.insert(&TimelineEntry {
            subject: payment.subject.clone(),
            payment: payment.id.clone(),
            place: payment.commits,
            key: TimelineKey::Decision(id),
            at: now,
            by: by(&operator.who.source),
            changes: vec![Change::Decided {
                operator: operator.subject().clone(),
                decision: decision.to_owned(),
                reason: reason.map(ToOwned::to_owned),
            }],
        })
    }

    /// Writes down that an operator asks for something, in the histories of both and with the payment.
    pub(super) async fn note_asked(
        &self,
        payment: &PaymentRecord,
        operator: &Operator,
        event: &Event<'_>,
        asked: (&str, Option<&str>),
    ) -> Result<()> {
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                let payer = Some(&payment.subject);
                self.operators.append(&mut batch, operator, payer, event).await?;
                self.note_decision(&mut batch, payment, operator, asked)?;
                self.context.commit(batch).await
            })
            .await
    }

    /// Adds what the vendor told about a payment, once for each event however often it is applied.
    pub(super) async fn note_event(
        &self,
        batch: &mut Batch,
        instance: &str,
        (told, received_at, handled): (&PaymentEvent, Timestamp, Handled),
        (owner, place): (&PaymentOwner, u32),
    ) -> Result<()> {
        let key = inbox::event_key(
            &self.context.keyring,
            <VendorPort as Port>::NAME,
            instance,
            &told.id,
        )?;
        let result = EventResult::from(handled);
        let (subject, payment) = (&owner.subject, &owner.payment);
        let key = TimelineKey::Event(key);
        let sort = TimelineEntry::sort(payment, &key);
        let new = || TimelineEntry {
            subject: subject.clone(),
            payment: payment.clone(),
            place,
            key: key.clone(),
            at: received_at,
            by: format!("webhook of {instance}"),
            changes: Vec::new(),
        };
        let table = self.context.table::<TimelineEntry>();
        let mut slot = table.slot_in(batch, subject.as_str(), &sort, new).await?;
        slot.value.changes = vec![Change::Event {
            name: told.name.clone(),
            vendor_id: told.id.clone(),
            result,
        }];
        batch.save(&slot)
    }
}

/// Who caused a commit: the part of the program, or a client.
fn by(source: &Source) -> String {
    if source.ip.is_unspecified() {
        source.user_agent.to_string()
    } else {
        "client".to_owned()
    }
}

impl Posted {
    /// What is posted to the account of a customer.
    pub(super) fn to_customer(transaction: &Transaction, posted: &ledger::Posted) -> Self {
        Self {
            kind: transaction.kind(),
            currency: transaction.currency(),
            transaction: posted.transaction.clone(),
            entry: Some(posted.number),
            postings: transaction.postings().to_vec(),
        }
    }

    /// What is posted between accounts of the house.
    pub(super) fn to_house(transaction: &HouseTransaction, id: TransactionId) -> Self {
        Self {
            kind: transaction.kind(),
            currency: transaction.currency(),
            transaction: id,
            entry: None,
            postings: transaction.postings().to_vec(),
        }
    }
}
