//! Following subscriptions that vendors collect: what they took is billed and booked, and where they stand there counts here.
//!
//! Webhooks, payers who come back and the clock all end in one look, which asks the vendor and books what it had not booked.

use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::identity::Subject;
use portcullis_ports::outcome::{Reference, Resolution};
use portcullis_ports::payments::{NextAction, SoughtSubscription, SubscriptionSnapshot, SubscriptionState};
use portcullis_ports::{Error, Result, Timestamp};

use super::agreement::{OpenCall, VendorAgreement};
use super::books::{Owner, Running, source};
use super::lifecycle::INCOMPLETE;
use super::records::{SubscriptionName, SubscriptionRecord};
use super::status::SubscriptionStatus as Status;
use super::views::SubscriptionView;
use super::{SUBSCRIPTION_NOT_FOUND, Subscriptions};
use crate::areas::entitlements::SubscriptionId;
use crate::foundation::guard::GuardedPayments;
use crate::foundation::table::Batch;
use crate::services::tasks::{Leased, Next, TaskKind, TaskRunner};

/// How long after its limit a call is still left to whoever made it.
const MARGIN: Duration = Duration::from_secs(15);
/// For how long nobody but who made a call asks what became of it.
pub(super) const CALL_TIME: Duration = GuardedPayments::limit().saturating_add(MARGIN);
/// Follows what a vendor collects. What is to be asked follows from the subscription and never from the task, so that it may
/// be run any number of times.
pub(crate) const FOLLOW: TaskKind = TaskKind::new(
    "vendor-subscriptions",
    "Follows a subscription that a payment vendor collects, and has it cancelled there.",
)
.sharded(8)
.concurrent(8)
.leased(Duration::from_mins(2))
.retried(
    120,
    &[
        Duration::from_secs(5),
        Duration::from_mins(1),
        Duration::from_mins(10),
        Duration::from_hours(1),
        Duration::from_hours(6),
    ],
);

pub(super) struct Follower(pub(super) Subscriptions);

#[async_trait]
impl TaskRunner for Follower {
    async fn run(&self, task: &Leased) -> Result<Next> {
        let Self(subscriptions) = self;
        let owner: Owner = task.body()?;
        let id = SubscriptionId::parse(task.id()).map_err(Error::internal)?;
        match subscriptions.follow(&owner.subject, &id).await {
            Err(error) if error.code() == SUBSCRIPTION_NOT_FOUND => Ok(Next::Done),
            other => other,
        }
    }
}

/// What a look at the vendor came to.
pub(super) struct Looked {
    pub(super) changed: bool,
    action: Option<NextAction>,
}

impl Subscriptions {
    /// Does what is due about a subscription that a vendor collects, and says when it is looked at again.
    async fn follow(&self, subject: &Subject, id: &SubscriptionId) -> Result<Next> {
        let record = self.record(subject, id).await?;
        let Some(vendor) = &record.collector else {
            return Ok(Next::Done);
        };
        if let Some(order) = &vendor.order {
            let now = self.context.now();
            if now < order.last_sent_at + CALL_TIME {
                return Ok(Next::Again(order.last_sent_at + CALL_TIME));
            }
            self.find_order(&record, vendor, order).await?;
        }
        self.ask(subject, id).await?;
        Box::pin(self.look(subject, id, Running::Follow)).await?;
        let record = self.record(subject, id).await?;
        Ok(match record.follow_wake(self.context.now(), CALL_TIME) {
            Some(due) => Next::Again(due),
            None => Next::Done,
        })
    }

    /// An order of which nobody wrote down what became of it: it is looked up, and sent again under its key where the vendor
    /// promises to recognise it, as long as it is still wanted.
    async fn find_order(
        &self,
        record: &SubscriptionRecord,
        vendor: &VendorAgreement,
        order: &OpenCall,
    ) -> Result<()> {
        let now = self.context.now();
        let (instance, _) = self.vendors.collecting(&vendor.instance)?;
        let window = instance.terms().replay.subscribe;
        let wanted = record.status == Status::Incomplete && vendor.theirs.is_none();
        if wanted && window.is_some_and(|window| now.since(order.sent_at) < window / 2) {
            let sent = self.context.retried(|| self.note_resent(record)).await?;
            if let Some(sent) = sent {
                Box::pin(self.order(&sent, true, Running::Follow)).await?;
            }
            return Ok(());
        }
        let sought = sought(record, vendor);
        let found = instance.read_subscription(&sought).await;
        let long_ago = now.since(order.sent_at) > INCOMPLETE * 4;
        let closes = match found {
            Resolution::Found(_) => true,
            Resolution::Absent | Resolution::CannotTell(_) => long_ago,
        };
        let closes = || self.close_order(record, closes);
        self.context.retried(closes).await
    }

    async fn note_resent(&self, sent: &SubscriptionRecord) -> Result<Option<SubscriptionRecord>> {
        let now = self.context.now();
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, &sent.subject).await;
        let mut slot = self.books.read_in(&batch, &sent.subject, &sent.id).await?;
        let before = slot.value.clone();
        let record = &mut slot.value;
        let open = record.collector.as_mut().and_then(|vendor| vendor.order.as_mut());
        let Some(open) = open.filter(|_| before.collector == sent.collector) else {
            return Ok(None);
        };
        open.last_sent_at = now;
        let record = record.clone();
        self.books.save(&mut batch, &before, slot, &source()).await?;
        self.context.commit(batch).await?;
        Ok(Some(record))
    }

    /// Nothing more is to be learned of an order by asking for it, or it is asked again later.
    async fn close_order(&self, sent: &SubscriptionRecord, closes: bool) -> Result<()> {
        let now = self.context.now();
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, &sent.subject).await;
        let mut slot = self.books.read_in(&batch, &sent.subject, &sent.id).await?;
        let before = slot.value.clone();
        if let Some(vendor) = &mut slot.value.collector {
            if closes {
                vendor.order = None;
            } else if let Some(order) = &mut vendor.order {
                order.last_sent_at = now;
            }
        }
        self.books.save(&mut batch, &before, slot, &source()).await?;
        self.context.commit(batch).await
    }

    /// Asks the vendor how a subscription stands, bills and books what it took, and writes down where it stands.
    pub(super) async fn look(
        &self,
        subject: &Subject,
        id: &SubscriptionId,
        running: Running,
    ) -> Result<Looked> {
        let record = self.record(subject, id).await?;
        let nothing = Looked {
            changed: false,
            action: None,
        };
        let Some(vendor) = &record.collector else {
            return Ok(nothing);
        };
        if vendor.theirs.is_none() && vendor.order.is_some() {
            return Ok(nothing);
        }
        let (instance, _) = self.vendors.collecting(&vendor.instance)?;
        let picture = match instance.read_subscription(&sought(&record, vendor)).await {
            Resolution::Found(outcome) => outcome.snapshot().cloned(),
            // What nobody agreed to is dropped by a vendor after a while.
            Resolution::Absent
                if vendor.state == SubscriptionState::RequiresAction && vendor.theirs.is_some() =>
            {
                Some(gone(vendor, self.context.now()))
            }
            Resolution::Absent => {
                tracing::warn!(subscription = %id, "a payment vendor does not know a subscription that it collects");
                None
            }
            Resolution::CannotTell(reason) => {
                tracing::debug!(subscription = %id, code = reason.code, "a vendor cannot tell of a subscription");
                None
            }
        };
        let picture = picture.filter(|picture| belongs(instance, &record, picture));
        let Some(picture) = picture else {
            self.context
                .retried(|| self.note_look(&record, None, running))
                .await?;
            return Ok(nothing);
        };
        let booked = self
            .book_certain(&record, vendor, &picture.charges, running)
            .await?;
        let mut changed = booked.any;
        let awaited = booked.awaited || picture.counts_more;
        let notes = || self.note_look(&record, Some((&picture, awaited)), running);
        changed |= self.context.retried(notes).await?;
        Ok(Looked {
            changed,
            action: picture.action,
        })
    }

    /// Writes down where a subscription stands by what the vendor shows, and whether a charge of it is not certain yet, unless
    /// somebody has seen it later; or that nothing was shown. Says whether that changed anything.
    async fn note_look(
        &self,
        read: &SubscriptionRecord,
        picture: Option<(&SubscriptionSnapshot, bool)>,
        running: Running,
    ) -> Result<bool> {
        let now = self.context.now();
        let mut batch = Batch::default();
        self.context.lock_subject(&mut batch, &read.subject).await;
        let mut slot = self.books.read_in(&batch, &read.subject, &read.id).await?;
        let before = slot.value.clone();
        let seen = |record: &SubscriptionRecord| record.collector.as_ref().map(|vendor| vendor.seen);
        if seen(&before) != seen(read) {
            return Ok(false);
        }
        let record = &mut slot.value;
        match picture {
            Some((picture, awaited)) => {
                self.add_their_name(&mut batch, read, picture.theirs.as_ref())?;
                if let Some(notice) = record.shown(picture, awaited, now, &self.books.rules)? {
                    self.books.notify(&mut batch, record, &notice).await?;
                }
            }
            None => {
                if let Some(vendor) = &mut record.collector {
                    vendor.looks = vendor.looks.saturating_add(1);
                    vendor.looked_at = now;
                }
            }
        }
        let changed = before.status != record.status || before.restricted != record.restricted;
        self.books.save(&mut batch, &before, slot, &source()).await?;
        let written = self.books.read_in(&batch, &read.subject, &read.id).await?.value;
        self.books.plan(&mut batch, &written, running, false).await?;
        self.context.commit(batch).await?;
        Ok(changed)
    }

    /// What the payer of a subscription has to do, and how it stands once the vendor was asked.
    ///
    /// # Errors
    /// `subscription-not-found`.
    pub(super) async fn gone_on(
        &self,
        subject: &Subject,
        id: &SubscriptionId,
    ) -> Result<(SubscriptionView, Option<NextAction>)> {
        let looked = Box::pin(self.look(subject, id, Running::Neither)).await?;
        let record = self.record(subject, id).await?;
        let page = match record
            .collector
            .as_ref()
            .filter(|_| record.status == Status::Incomplete)
        {
            Some(vendor) => self.is_same_page(vendor)?,
            None => false,
        };
        let action = if page {
            Box::pin(self.order(&record, true, Running::Neither)).await?
        } else {
            looked.action
        };
        let record = self.record(subject, id).await?;
        let action = action.or_else(|| waiting(&record));
        Ok((SubscriptionView::of(&record), action))
    }

    /// Whether ordering a page again that the vendor has no name for is the same order: as long as it recognises its key, or
    /// where nothing is sent for it.
    fn is_same_page(&self, vendor: &VendorAgreement) -> Result<bool> {
        let (instance, _) = self.vendors.collecting(&vendor.instance)?;
        let now = self.context.now();
        let recognised = |order: &OpenCall| {
            let window = instance.terms().replay.subscribe;
            window.is_none_or(|window| now.since(order.sent_at) < window / 2)
        };
        let same = vendor.order.as_ref().is_none_or(recognised);
        Ok(same && vendor.theirs.is_none() && vendor.method.is_none())
    }

    pub(super) async fn named(&self, name: &str) -> Result<Option<SubscriptionName>> {
        let names = self.context.table::<SubscriptionName>();
        let found = names.find(name, SubscriptionName::SORT).await?;
        Ok(found.map(|found| found.value))
    }
}

/// What its payer is told while nobody knows what became of the order.
pub(super) fn waiting(record: &SubscriptionRecord) -> Option<NextAction> {
    let order = record.collector.as_ref()?.order.as_ref()?;
    let open = record.status == Status::Incomplete;
    open.then(|| NextAction::Wait {
        until: order.last_sent_at + CALL_TIME,
    })
}

fn sought(record: &SubscriptionRecord, vendor: &VendorAgreement) -> SoughtSubscription {
    SoughtSubscription {
        reference: match &vendor.theirs {
            Some(theirs) => Reference::Theirs(theirs.to_string()),
            None => Reference::Ours(record.id.to_string()),
        },
        sent_at: record.created_at,
        amount: vendor.total,
        since: vendor.last_charge_at.unwrap_or(record.created_at),
        due: Some(record.period.end).filter(|_| vendor.booked > 0),
        booked: vendor.booked,
    }
}

/// The picture of a subscription that the vendor has dropped before anybody agreed to it.
fn gone(vendor: &VendorAgreement, now: Timestamp) -> SubscriptionSnapshot {
    SubscriptionSnapshot {
        theirs: vendor.theirs.clone(),
        ours: None,
        state: SubscriptionState::Ended,
        action: None,
        charges: Vec::new(),
        counts_more: false,
        next_charge_at: None,
        started_at: None,
        at: now,
        live: false,
        account: None,
    }
}

/// Whether a picture is of this subscription, in this mode and of this account.
fn belongs(instance: &GuardedPayments, record: &SubscriptionRecord, picture: &SubscriptionSnapshot) -> bool {
    let terms = instance.terms();
    let same_account = match (&terms.account, &picture.account) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => true,
    };
    let vendor = record.collector.as_ref();
    let ordered_as = vendor.and_then(|vendor| vendor.ordered_as.as_ref());
    let own = ordered_as.unwrap_or(&record.id);
    let same = picture.ours.as_ref().is_none_or(|ours| ours == own);
    let ended = picture.state == SubscriptionState::Ended && picture.charges.is_empty();
    same && same_account && (ended || terms.live == picture.live)
}
