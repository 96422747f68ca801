//! The workers of the outbox: lease, send, fail over, retry, give up.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use portcullis_ports::notification::{Message, Receipt};
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::storage::{Range, STORE_CONFLICT};
use portcullis_ports::{Result, Retry, Timestamp};

use super::records::{Attempt, Delivery, Lane, Place, StoredMessage};
use super::{Outbox, context, plain_text};
use crate::table::{Batch, Versioned};

/// How long a worker sleeps when nobody wakes it: the delay of a message that another process queued and left.
const PATROL: Duration = Duration::from_secs(1);
/// How many messages of one lane are on their way at once.
const ABREAST: usize = 8;
/// The first wait after a failure; it doubles with every try.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

impl Outbox {
    /// Delivers the messages of one lane until `stop` is done; what is on its way by then is finished.
    pub async fn work(&self, lane: Lane, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let woken = self.deployment.mail.listen();
            if let Err(error) = self.drain(lane).await {
                tracing::warn!(
                    lane = lane.word(),
                    ?error,
                    "messages could not be read; trying again"
                );
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
        loop {
            let horizon = Place::horizon(self.deployment.now());
            let range = Range::Between("0".into(), horizon);
            let (due, _) = self
                .deployment
                .table::<Place>()
                .page(lane.word(), range, ABREAST, None)
                .await?;
            if due.is_empty() {
                return Ok(handled);
            }
            let mut running: FuturesUnordered<_> = due.iter().map(|place| self.handle(place)).collect();
            while let Some(result) = running.next().await {
                handled += usize::from(result?);
            }
        }
    }

    /// Leases one message and sends it. `false` if another worker was faster.
    async fn handle(&self, place: &Versioned<Place>) -> Result<bool> {
        let leased = match self.lease(place).await {
            Ok(leased) => leased,
            Err(error) if error.code() == STORE_CONFLICT => return Ok(false),
            Err(error) => return Err(error),
        };
        let messages = self.deployment.table::<StoredMessage>();
        let Some(stored) = messages
            .find(leased.message.as_str(), StoredMessage::SORT)
            .await?
        else {
            let mut batch = Batch::default();
            clear(&mut batch, &leased);
            self.deployment.commit(batch).await?;
            return Ok(true);
        };
        let now = self.deployment.now();
        let verdict = if stored.deliver_by.is_some_and(|by| by <= now) {
            Verdict {
                delivery: Delivery::Expired,
                attempt: None,
                reference: None,
                again_at: None,
            }
        } else {
            let outcome = self.send(&stored).await?;
            self.judge(&leased, outcome)
        };
        self.settle(&leased, &stored, verdict).await?;
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

    /// Offers the message to every sender of its channel until one takes it, or may have taken it.
    async fn send(&self, stored: &StoredMessage) -> Result<Outcome<Receipt>> {
        let Some(sealed) = &stored.text else {
            return Ok(Outcome::Declined(Reason::permanent(
                "no-text",
                "the text is gone",
            )));
        };
        let text = plain_text(&self.deployment.keys.open(sealed, &context(&stored.id)).await?)?;
        let message = Message {
            id: stored.id.clone(),
            to: stored.to.clone(),
            subject: stored.subject.clone(),
            text,
            html: None,
            code: None,
        };
        let channel = stored.to.channel();
        let mut last = Outcome::NotSent(Reason::passing(
            "no-sender",
            "no sender is configured",
            FIRST_WAIT,
        ));
        for sender in self
            .senders
            .iter()
            .filter(|sender| sender.channels().contains(&channel))
        {
            let outcome = sender.send(&message).await;
            metrics::counter!("portcullis_messages_total", "channel" => channel.word(), "outcome" => outcome.word()).increment(1);
            let taken = matches!(
                outcome,
                Outcome::Done(_) | Outcome::Pending(_) | Outcome::Unknown(_)
            );
            last = outcome;
            if taken {
                break;
            }
        }
        Ok(last)
    }

    fn judge(&self, leased: &Place, outcome: Outcome<Receipt>) -> Verdict {
        let now = self.deployment.now();
        let attempt = |detail: String| {
            Some(Attempt {
                at: now,
                outcome: outcome.word().into(),
                detail,
            })
        };
        match &outcome {
            Outcome::Done(receipt) => Verdict {
                delivery: Delivery::Delivered,
                attempt: attempt(String::new()),
                reference: Some(receipt.reference.clone()),
                again_at: None,
            },
            Outcome::Pending(reference) => Verdict {
                delivery: Delivery::Delivered,
                attempt: attempt("accepted for delivery".into()),
                reference: Some(reference.0.clone()),
                again_at: None,
            },
            Outcome::Unknown(reference) => Verdict {
                delivery: Delivery::Unknown,
                attempt: attempt("it may have been sent".into()),
                reference: Some(reference.0.clone()),
                again_at: None,
            },
            Outcome::Declined(reason) | Outcome::NotSent(reason) => {
                let again_at = self.next_try(leased.tries, reason, now);
                let delivery = if again_at.is_some() {
                    Delivery::Queued
                } else {
                    Delivery::Dead
                };
                let attempt = attempt(format!("{}: {}", reason.code, reason.detail));
                Verdict {
                    delivery,
                    attempt,
                    reference: None,
                    again_at,
                }
            }
        }
    }

    /// Waits double from try to try, and no two messages wait alike.
    fn next_try(&self, tries: u32, reason: &Reason, now: Timestamp) -> Option<Timestamp> {
        let Retry::Later(asked) = reason.retry else {
            return None;
        };
        if tries >= self.deployment.settings.outbox.attempts {
            return None;
        }
        let doubled = FIRST_WAIT
            .saturating_mul(1 << tries.saturating_sub(1).min(16))
            .min(LONGEST_WAIT);
        let mut byte = [0];
        let spread = self
            .deployment
            .entropy
            .fill(&mut byte)
            .map_or(0, |()| u32::from(byte[0]));
        Some(now + asked.max(doubled) + doubled * spread / 1024)
    }

    /// Writes down what became of it.
    async fn settle(
        &self,
        leased: &Place,
        stored: &Versioned<StoredMessage>,
        verdict: Verdict,
    ) -> Result<()> {
        let mut batch = Batch::default();
        clear(&mut batch, leased);
        let mut message = stored.value.clone();
        message.delivery = verdict.delivery;
        message.attempts.extend(verdict.attempt);
        message.reference = verdict.reference.or(message.reference);
        if matches!(verdict.delivery, Delivery::Delivered | Delivery::Expired) {
            message.text = None;
        }
        batch.replace(stored, &message)?;
        let place = |lane, due, tries| Place {
            lane,
            due,
            message: message.id.clone(),
            tries,
        };
        match verdict.again_at {
            Some(due) => batch.insert(&place(leased.lane, due, leased.tries))?,
            None if matches!(verdict.delivery, Delivery::Dead | Delivery::Unknown) => {
                tracing::error!(message = %message.id, state = ?verdict.delivery, "a message was given up");
                batch.insert(&place(Lane::Dead, self.deployment.now(), leased.tries))?;
            }
            None => {}
        }
        self.deployment.commit(batch).await
    }
}

/// What follows from an outcome.
struct Verdict {
    delivery: Delivery,
    attempt: Option<Attempt>,
    reference: Option<String>,
    again_at: Option<Timestamp>,
}

fn clear(batch: &mut Batch, place: &Place) {
    use crate::table::Stored;
    let (partition, sort) = place.key();
    batch.clear::<Place>(partition, sort);
}
