//! One message on its way: leased, offered, and what came of it written down.

use std::time::Duration;

use portcullis_ports::id::MessageId;
use portcullis_ports::notification::{DeliveryState, Destination};
use portcullis_ports::storage::STORE_CONFLICT;
use portcullis_ports::{Kind, Result, Timestamp};

use super::dispatch::Verdict;
use super::records::{Attempt, MessageStatus, Named, QueueEntry, Report, StoredMessage};
use super::{Outbox, withheld};
use crate::foundation::lane::Lane;
use crate::foundation::table::{Batch, Slot, Stored, Versioned};
use crate::services::sms_spend::{Priority, Quote};
use crate::services::suppressions::remark;

/// How often it is tried to write down what came of a message while the store is away: until it is written, another
/// node may send the message again.
const SETTLE_TRIES: u32 = 20;
/// The first and the longest wait between these tries.
const SETTLE_WAIT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));

impl Outbox {
    /// Leases one message and sends it. `false` if another worker was faster.
    pub(super) async fn handle(&self, entry: &Versioned<QueueEntry>) -> Result<bool> {
        let mut leased = match self.lease(entry).await {
            Ok(leased) => leased,
            Err(error) if error.code() == STORE_CONFLICT => return Ok(false),
            Err(error) => return Err(error),
        };
        let stored = self.stored(&leased.message).await?;
        // It may be gone, or whoever had the lease before was slow and decided it after all.
        let Some(stored) = stored.filter(|stored| stored.delivery == MessageStatus::Queued) else {
            let mut batch = Batch::default();
            clear(&mut batch, &leased);
            self.context.commit(batch).await?;
            return Ok(true);
        };
        let verdict = match self.verdict(&mut leased, &stored, entry.leased).await {
            Err(error) if error.code() == STORE_CONFLICT => return Ok(false),
            verdict => verdict?,
        };
        self.settle(&leased, &verdict).await?;
        Ok(true)
    }

    async fn verdict(
        &self,
        leased: &mut QueueEntry,
        stored: &StoredMessage,
        abandoned: bool,
    ) -> Result<Verdict> {
        let now = self.context.now();
        if let Some(unresolved) = &stored.unresolved {
            let verdict = self.resolve(leased, stored, unresolved).await?;
            return Ok(verdict.unless_late(stored));
        }
        if stored.is_late(now) {
            return Ok(Verdict::without_sender(MessageStatus::Expired, Vec::new()));
        }
        if leased.tries > 1
            && let Some(sender) = self.reported(stored).await?
        {
            return Ok(Verdict::reported(now, sender));
        }
        if abandoned && let Some(verdict) = self.find_abandoned(leased, stored).await? {
            return Ok(verdict);
        }
        if leased.tries > self.settings.attempts {
            return Ok(Verdict::without_sender(MessageStatus::Unknown, vec![lost(now)]));
        }
        if let Some(obstacle) = self.obstacle(leased, stored).await? {
            return Ok(Verdict::without_sender(
                MessageStatus::Withheld,
                vec![withheld(now, obstacle)],
            ));
        }
        let offering = self.offer(leased, stored).await?;
        if offering.late {
            return Ok(Verdict::without_sender(MessageStatus::Expired, Vec::new()));
        }
        if !offering.was_asked() {
            return Ok(self.not_asked(leased, &offering));
        }
        let mut verdict = self.judge(leased, offering.offered);
        self.keep_unresolved(&mut verdict, now);
        Ok(verdict.unless_late(stored))
    }

    /// The sender whose vendor reported that it has the message, although nobody wrote down the answer: a worker that
    /// disappeared had sent it.
    pub(super) async fn reported(&self, stored: &StoredMessage) -> Result<Option<String>> {
        // It may have come while the message was queued again, because another try of it failed.
        let report = stored.report.as_ref();
        if let Some(report) = report.filter(|report| report.state != DeliveryState::Failed) {
            return Ok(Some(report.sender.clone()));
        }
        for one in self.senders.iter().filter(|one| one.reports()) {
            let instance = one.instance();
            let named = self.named(instance, stored.id.as_str()).await?;
            if named
                .value
                .early
                .iter()
                .any(|report| report.state != DeliveryState::Failed)
            {
                return Ok(Some(instance.to_owned()));
            }
        }
        Ok(None)
    }

    /// Moves the entry behind the lease, so that it comes back by itself if this process dies.
    pub(super) async fn lease(&self, entry: &Versioned<QueueEntry>) -> Result<QueueEntry> {
        let due = self.context.now() + self.settings.lease.get();
        let leased = QueueEntry {
            due,
            tries: entry.tries + 1,
            leased: true,
            ..entry.value.clone()
        };
        let mut batch = Batch::default();
        batch.remove(entry);
        batch.insert(&leased)?;
        self.context.commit(batch).await?;
        Ok(leased)
    }

    /// Makes sure that the lease lasts until a send that ends by `deadline` is written down; `false` if another worker has
    /// the message by now.
    pub(super) async fn hold(&self, leased: &mut QueueEntry, deadline: Timestamp) -> Result<bool> {
        let settings = &self.settings;
        let lease = settings.lease.get();
        let reserve = lease.saturating_sub(settings.timeout.get()) / 2;
        if deadline + reserve <= leased.due {
            return Ok(true);
        }
        let (partition, sort) = leased.key();
        let Some(held) = self.context.table::<QueueEntry>().find(&partition, &sort).await? else {
            return Ok(false);
        };
        let renewed = QueueEntry {
            due: self.context.now() + lease,
            ..leased.clone()
        };
        let mut batch = Batch::default();
        batch.remove(&held);
        batch.insert(&renewed)?;
        match self.context.commit(batch).await {
            Ok(()) => {
                *leased = renewed;
                Ok(true)
            }
            Err(error) if error.code() == STORE_CONFLICT => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Why a message may not be sent after all.
    ///
    /// The cost of a code was counted when it was queued; that of a notice is counted here, in the commit that marks the
    /// queue entry as paid, so that it never keeps the use case that caused it from succeeding.
    async fn obstacle(&self, leased: &mut QueueEntry, stored: &StoredMessage) -> Result<Option<String>> {
        if let Some(obstacle) = self.suppressions.obstacle(&stored.to, stored.lane).await? {
            return Ok(Some(remark(&obstacle)));
        }
        let (Destination::Sms(number), Lane::Notices, false) = (&stored.to, stored.lane, leased.paid) else {
            return Ok(None);
        };
        let Some(sealed) = &stored.body else {
            return Ok(None);
        };
        let body = self.unseal(&stored.id, sealed).await?;
        let paid = match self.sms_spend.quote([(number, body.text.as_str())]) {
            Ok(quote) => self.pay(leased, &quote).await,
            Err(error) => Err(error),
        };
        match paid {
            Err(error) if matches!(error.kind(), Kind::Limited | Kind::Forbidden) => {
                Ok(Some(error.code().name().to_owned()))
            }
            paid => paid.map(|()| None),
        }
    }

    /// # Errors
    /// `store-conflict` if another worker has the message by now.
    async fn pay(&self, leased: &mut QueueEntry, quote: &Quote) -> Result<()> {
        let paid = QueueEntry {
            paid: true,
            ..leased.clone()
        };
        let (partition, sort) = leased.key();
        self.context
            .retried(|| async {
                let entries = self.context.table::<QueueEntry>();
                let held = entries.find(&partition, &sort).await?;
                let held = held.ok_or_else(|| STORE_CONFLICT.error())?;
                let mut batch = Batch::default();
                batch.replace(&held, &paid)?;
                self.sms_spend.take_in(&mut batch, quote, Priority::Other).await?;
                self.context.commit(batch).await
            })
            .await?;
        *leased = paid;
        Ok(())
    }

    /// Writes down what became of it. It was sent by now, so that whoever else changed the message meanwhile must not
    /// keep this from being known: the lease would end, and it would be sent again.
    ///
    /// If the lease ended before the answer came, the queue entry of the message is another worker's, who may have decided
    /// already: then all that counts of this answer is that the message was taken.
    pub(super) async fn settle(&self, leased: &QueueEntry, verdict: &Verdict) -> Result<()> {
        let (mut wait, longest) = SETTLE_WAIT;
        for _ in 1..SETTLE_TRIES {
            match self.settle_once(leased, verdict).await {
                Err(error) if error.kind() == Kind::Unavailable => {
                    tracing::warn!(id = %leased.message, ?error, "what came of a message is not written down yet");
                    self.context.clock.sleep(wait).await;
                    wait = wait.saturating_mul(2).min(longest);
                }
                settled => return settled,
            }
        }
        self.settle_once(leased, verdict).await
    }

    async fn settle_once(&self, leased: &QueueEntry, verdict: &Verdict) -> Result<()> {
        let given_up = self
            .context
            .retried(|| async {
                let mut batch = Batch::default();
                let (partition, sort) = leased.key();
                let held = self.context.table::<QueueEntry>().find(&partition, &sort).await?;
                let (mut next, mut given_up) = (None, None);
                if let Some(stored) = self.stored(&leased.message).await? {
                    let early = self.take_names(&mut batch, &stored, verdict).await?;
                    let entry = held.as_ref().map(|held| held.value.clone());
                    (next, given_up) = self.settle_in(&mut batch, entry, &stored, verdict, early)?;
                }
                match (&held, &next) {
                    // It may come due at the very moment at which the lease would have ended.
                    (Some(held), Some(next)) if held.key() == next.key() => batch.replace(held, next)?,
                    _ => {
                        if let Some(held) = &held {
                            batch.remove(held);
                        }
                        if let Some(next) = &next {
                            batch.insert(next)?;
                        }
                    }
                }
                self.context.commit(batch).await?;
                Ok(given_up)
            })
            .await?;
        if let Some(state) = given_up {
            tracing::error!(id = %leased.message, ?state, "a message was given up");
        }
        Ok(())
    }

    /// Makes known the names by which the vendors that were asked may speak of the message, and gives what they reported
    /// by these names already.
    async fn take_names(
        &self,
        batch: &mut Batch,
        stored: &StoredMessage,
        verdict: &Verdict,
    ) -> Result<Vec<Report>> {
        let mut early = Vec::new();
        for one in self.senders.iter().filter(|one| one.reports()) {
            let instance = one.instance();
            let taken = verdict.taken.as_ref().filter(|(by, _)| by == instance);
            let ours = stored.id.as_str();
            let mut slots: Vec<Slot<Named>> = Vec::new();
            if let Some((_, reference)) = taken {
                slots.push(self.named(instance, reference.as_str()).await?);
            }
            let asked = verdict.attempts.iter().any(|attempt| attempt.sender == instance);
            if asked && taken.is_none_or(|(_, reference)| reference.as_str() != ours) {
                let named = self.named(instance, ours).await?;
                slots.extend(Some(named).filter(|named| !named.value.early.is_empty()));
            }
            for mut slot in slots {
                early.append(&mut slot.value.early);
                slot.value.message = Some(stored.id.clone());
                slot.value.until = stored.kept_until;
                batch.save(&slot)?;
            }
        }
        Ok(early)
    }

    /// Adds what became of a message to a batch. Gives its next queue entry, and how it ended if it is given up.
    fn settle_in(
        &self,
        batch: &mut Batch,
        held: Option<QueueEntry>,
        stored: &Versioned<StoredMessage>,
        verdict: &Verdict,
        early: Vec<Report>,
    ) -> Result<(Option<QueueEntry>, Option<MessageStatus>)> {
        let mut message = stored.value.clone();
        message.attempts.extend(verdict.attempts.iter().cloned());
        if let Some((_, reference)) = &verdict.taken {
            message.reference = Some(reference.as_str().to_owned());
        }
        for report in early {
            let known = message.report.as_ref();
            if known.is_none_or(|known| known.state < report.state) {
                message.report = Some(report);
            }
        }
        let ours = held.filter(|_| stored.delivery == MessageStatus::Queued);
        let undelivered = stored.delivery != MessageStatus::Delivered;
        if ours.is_some() || (verdict.taken.is_some() && undelivered) {
            message.delivery = decided(&message, verdict);
            message.unresolved = None;
            if message.delivery == MessageStatus::Unknown && ours.is_some() && verdict.unresolved.is_some() {
                message.delivery = MessageStatus::Queued;
                message.unresolved = verdict.unresolved.clone().map(Box::new);
            }
        }
        if message.delivery.is_over() {
            message.body = None;
            if let Some(entry) = message.dead_letter_entry() {
                clear(batch, &entry);
                message.dead_lettered_at = None;
            }
        }
        let again = ours.zip(verdict.again_at);
        let next = again.filter(|_| message.delivery == MessageStatus::Queued);
        let next = next.map(|(entry, due)| QueueEntry {
            due,
            // A try in which nobody was asked is none.
            tries: entry.tries.saturating_sub(u32::from(verdict.not_asked)),
            leased: false,
            ..entry
        });
        let over = matches!(message.delivery, MessageStatus::Dead | MessageStatus::Unknown);
        let given_up = (over && message.dead_lettered_at.is_none()).then_some(message.delivery);
        if given_up.is_some() {
            message.dead_lettered_at = Some(self.context.now());
            if let Some(entry) = message.dead_letter_entry() {
                batch.insert(&entry)?;
            }
        }
        batch.replace(stored, &message)?;
        Ok((next, given_up))
    }

    pub(super) async fn stored(&self, id: &MessageId) -> Result<Option<Versioned<StoredMessage>>> {
        let messages = self.context.table::<StoredMessage>();
        messages.find(id.as_str(), StoredMessage::SORT).await
    }
}

/// Where a message stands after this verdict. What may have been sent is known if its sender reported it meanwhile.
fn decided(message: &StoredMessage, verdict: &Verdict) -> MessageStatus {
    let asked = verdict.taken.as_ref().map(|(instance, _)| instance);
    let report = message
        .report
        .as_ref()
        .filter(|report| Some(&report.sender) == asked);
    match (verdict.delivery, report.map(|report| report.state)) {
        (MessageStatus::Unknown, Some(DeliveryState::Failed)) => MessageStatus::Dead,
        (MessageStatus::Unknown, Some(DeliveryState::Sent | DeliveryState::Delivered)) => {
            MessageStatus::Delivered
        }
        (delivery, _) => delivery,
    }
}

/// The line in the history of a message whose every worker disappeared with it.
fn lost(at: Timestamp) -> Attempt {
    Attempt {
        at,
        sender: String::new(),
        outcome: MessageStatus::Unknown.as_str().into(),
        detail: "every try was begun and none came to an end; it may have been sent".into(),
    }
}

pub(super) fn clear(batch: &mut Batch, entry: &QueueEntry) {
    let (partition, sort) = entry.key();
    batch.clear::<QueueEntry>(partition, sort);
}
