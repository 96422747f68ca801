//! The workers of the outbox: lease, send, retry, give up.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use portcullis_ports::id::MessageId;
use portcullis_ports::notification::{DeliveryState, Destination};
use portcullis_ports::storage::{Range, STORE_CONFLICT};
use portcullis_ports::{Kind, Result, Timestamp};

use super::offer::Verdict;
use super::records::{Attempt, Delivery, Lane, Named, Place, StoredMessage};
use super::{Outbox, withheld};
use crate::suppressions::remark;
use crate::table::{Batch, Stored, Versioned};

/// How long a worker sleeps when nobody wakes it: the delay of a message that another process queued and left.
const PATROL: Duration = Duration::from_secs(1);
/// How many messages of one lane are on their way at once.
const ABREAST: usize = 8;

impl Outbox {
    /// Delivers the messages of one lane until `stop` is done; what is on its way by then is finished.
    pub async fn work(&self, lane: Lane, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let woken = self.deployment.mail.listen();
            loop {
                match self.batch(lane).await {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(error) => {
                        let lane = lane.word();
                        tracing::warn!(lane, ?error, "messages could not be read; trying again");
                        break;
                    }
                }
                // Asked also while there is more to do: nothing is begun that could not be finished.
                if stop.as_mut().now_or_never().is_some() {
                    return;
                }
            }
            let rest = pin!(async {
                select(woken, self.deployment.clock.sleep(PATROL)).await;
            });
            if let Either::Left(_) = select(stop.as_mut(), rest).await {
                return;
            }
        }
    }

    /// Delivers everything that is due now, and says how much it was.
    pub async fn drain(&self, lane: Lane) -> Result<usize> {
        let mut handled = 0;
        while let Some(done) = self.batch(lane).await? {
            handled += done;
        }
        Ok(handled)
    }

    /// Delivers some of what is due now; `None` if that is nothing.
    async fn batch(&self, lane: Lane) -> Result<Option<usize>> {
        let range = Range::Between("0".into(), Place::horizon(self.deployment.now()));
        let queue = self.deployment.table::<Place>();
        let (due, _) = queue.page(lane.word(), range, ABREAST, None).await?;
        if due.is_empty() {
            return Ok(None);
        }
        let mut running: FuturesUnordered<_> = due.iter().map(|place| self.handle(place)).collect();
        let (mut handled, mut failed) = (0, None);
        // What is on its way is awaited also after a failure: a send that is dropped half-way may be repeated.
        while let Some(result) = running.next().await {
            match result {
                Ok(done) => handled += usize::from(done),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(Some(handled)), Err)
    }

    /// Leases one message and sends it. `false` if another worker was faster.
    async fn handle(&self, place: &Versioned<Place>) -> Result<bool> {
        let leased = match self.lease(place).await {
            Ok(leased) => leased,
            Err(error) if error.code() == STORE_CONFLICT => return Ok(false),
            Err(error) => return Err(error),
        };
        let stored = self.stored(&leased.message).await?;
        // It may be gone, or whoever had the lease before was slow and decided it after all.
        let Some(stored) = stored.filter(|stored| stored.delivery == Delivery::Queued) else {
            let mut batch = Batch::default();
            clear(&mut batch, &leased);
            self.deployment.commit(batch).await?;
            return Ok(true);
        };
        let now = self.deployment.now();
        let verdict = if stored.deliver_by.is_some_and(|by| by <= now) {
            Verdict::without_sender(Delivery::Expired, Vec::new())
        } else if leased.tries > self.deployment.settings.outbox.attempts {
            Verdict::without_sender(Delivery::Unknown, vec![lost(now)])
        } else if let Some(obstacle) = self.obstacle(&leased, &stored).await? {
            Verdict::without_sender(Delivery::Withheld, vec![withheld(now, obstacle)])
        } else {
            let offered = self.offer(&stored).await?;
            self.judge(&leased, offered)
        };
        self.settle(&leased, &verdict).await?;
        Ok(true)
    }

    /// Moves the place behind the lease, so that it comes back by itself if this process dies.
    pub(super) async fn lease(&self, place: &Versioned<Place>) -> Result<Place> {
        let due = self.deployment.now() + self.deployment.settings.outbox.lease.get();
        let leased = Place {
            due,
            tries: place.tries + 1,
            ..place.value.clone()
        };
        let mut batch = Batch::default();
        batch.remove(place);
        batch.insert(&leased)?;
        self.deployment.commit(batch).await?;
        Ok(leased)
    }

    /// Why a message may not be sent after all.
    ///
    /// The cost of a code was counted when it was queued; that of a notice is counted here, once, so that it never
    /// keeps the use case that caused it from succeeding.
    async fn obstacle(&self, leased: &Place, stored: &StoredMessage) -> Result<Option<String>> {
        if let Some(obstacle) = self.suppressions.obstacle(&stored.to, stored.lane).await? {
            return Ok(Some(remark(&obstacle)));
        }
        let (Destination::Sms(number), Lane::Notices, 1) = (&stored.to, stored.lane, leased.tries) else {
            return Ok(None);
        };
        let Some(sealed) = &stored.words else {
            return Ok(None);
        };
        let words = self.unseal(&stored.id, sealed).await?;
        let paid = match self.sms_spend.quote([(number, words.text.as_str())]) {
            Ok(quote) => self.sms_spend.take(&quote).await,
            Err(error) => Err(error),
        };
        match paid {
            Err(error) if matches!(error.kind(), Kind::Limited | Kind::Forbidden) => {
                Ok(Some(error.code().name().to_owned()))
            }
            paid => paid.map(|()| None),
        }
    }

    /// Writes down what became of it. It was sent by now, so that whoever else changed the message meanwhile must not
    /// keep this from being known: the lease would end, and it would be sent again.
    ///
    /// If the lease ended before the answer came, the place of the message is another worker's, who may have decided
    /// already: then all that counts of this answer is that the message was taken.
    pub(super) async fn settle(&self, leased: &Place, verdict: &Verdict) -> Result<()> {
        self.deployment
            .retried(|| async {
                let mut batch = Batch::default();
                let (partition, sort) = leased.key();
                let held = self.deployment.table::<Place>().find(&partition, &sort).await?;
                if let Some(held) = &held {
                    batch.remove(held);
                }
                let held = held.map(|held| held.value);
                if let Some(stored) = self.stored(&leased.message).await? {
                    self.settle_in(&mut batch, held, &stored, verdict)?;
                }
                self.deployment.commit(batch).await
            })
            .await
    }

    fn settle_in(
        &self,
        batch: &mut Batch,
        held: Option<Place>,
        stored: &Versioned<StoredMessage>,
        verdict: &Verdict,
    ) -> Result<()> {
        let mut message = stored.value.clone();
        message.attempts.extend(verdict.attempts.iter().cloned());
        if let Some((instance, reference)) = &verdict.taken {
            message.reference = Some(reference.clone());
            batch.overwrite(&Named {
                pseudonym: self.name(instance, reference)?,
                message: message.id.clone(),
                until: message.kept_until,
            })?;
        }
        let ours = held.filter(|_| stored.delivery == Delivery::Queued);
        let undelivered = stored.delivery != Delivery::Delivered;
        if ours.is_some() || (verdict.taken.is_some() && undelivered) {
            message.delivery = decided(&message, verdict);
        }
        if message.delivery.is_over() {
            message.words = None;
            if let Some(parking) = message.parking() {
                clear(batch, &parking);
                message.parked = None;
            }
        }
        if let (Some(place), Some(due)) = (ours, verdict.again_at) {
            batch.insert(&Place { due, ..place })?;
        }
        let given_up = matches!(message.delivery, Delivery::Dead | Delivery::Unknown);
        if given_up && message.parked.is_none() {
            tracing::error!(id = %message.id, state = ?message.delivery, "a message was given up");
            message.parked = Some(self.deployment.now());
            if let Some(parking) = message.parking() {
                batch.insert(&parking)?;
            }
        }
        batch.replace(stored, &message)
    }

    pub(super) async fn stored(&self, id: &MessageId) -> Result<Option<Versioned<StoredMessage>>> {
        let messages = self.deployment.table::<StoredMessage>();
        messages.find(id.as_str(), StoredMessage::SORT).await
    }
}

/// Where a message stands after this verdict. What may have been sent is known if its sender reported it meanwhile.
fn decided(message: &StoredMessage, verdict: &Verdict) -> Delivery {
    let asked = verdict.taken.as_ref().map(|(instance, _)| instance);
    let report = message
        .report
        .as_ref()
        .filter(|report| Some(&report.sender) == asked);
    match (verdict.delivery, report.map(|report| report.state)) {
        (Delivery::Unknown, Some(DeliveryState::Failed)) => Delivery::Dead,
        (Delivery::Unknown, Some(DeliveryState::Sent | DeliveryState::Delivered)) => Delivery::Delivered,
        (delivery, _) => delivery,
    }
}

/// The line in the history of a message whose every worker disappeared with it.
fn lost(at: Timestamp) -> Attempt {
    Attempt {
        at,
        sender: String::new(),
        outcome: Delivery::Unknown.word().into(),
        detail: "every try was begun and none came to an end; it may have been sent".into(),
    }
}

pub(super) fn clear(batch: &mut Batch, place: &Place) {
    let (partition, sort) = place.key();
    batch.clear::<Place>(partition, sort);
}
