//! Offering a message to the senders of its channel, one after the other, and what follows from their answers.

use std::time::Duration;

use portcullis_ports::notification::{Channel, Message, Receipt};
use portcullis_ports::outcome::{Outcome, Reason};
use portcullis_ports::{Result, Retry, Timestamp};

use super::Outbox;
use super::html::html;
use super::records::{Attempt, Delivery, Place, StoredMessage};

/// The first wait after a failure; it doubles with every try.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// A sender that was asked, and its answer.
pub(super) struct Offered {
    instance: String,
    outcome: Outcome<Receipt>,
}

#[cfg(test)]
impl Offered {
    pub(super) fn of(instance: &str, outcome: Outcome<Receipt>) -> Self {
        let instance = instance.to_owned();
        Self { instance, outcome }
    }
}

/// What follows from the answers.
pub(super) struct Verdict {
    pub(super) delivery: Delivery,
    pub(super) attempts: Vec<Attempt>,
    /// The sender that took the message, and its vendor's name for it.
    pub(super) taken: Option<(String, String)>,
    pub(super) again_at: Option<Timestamp>,
}

impl Verdict {
    /// Nobody was asked.
    pub(super) fn without_sender(delivery: Delivery, attempts: Vec<Attempt>) -> Self {
        Self {
            delivery,
            attempts,
            taken: None,
            again_at: None,
        }
    }
}

impl Outbox {
    /// Asks every sender of the channel, in order, until one takes the message or may have taken it.
    pub(super) async fn offer(&self, stored: &StoredMessage) -> Result<Vec<Offered>> {
        let nobody = |reason| {
            vec![Offered {
                instance: String::new(),
                outcome: Outcome::NotSent(reason),
            }]
        };
        let Some(sealed) = &stored.words else {
            return Ok(nobody(Reason::permanent("no-text", "the text is gone")));
        };
        let words = self.unseal(&stored.id, sealed).await?;
        let channel = stored.to.channel();
        let html =
            (channel == Channel::Email).then(|| html(&stored.subject, &words.text, words.code.as_deref()));
        let message = Message {
            id: stored.id.clone(),
            to: stored.to.clone(),
            subject: stored.subject.clone(),
            text: words.text,
            html,
            code: words.code,
        };
        let mut offered = Vec::new();
        for one in self
            .senders
            .iter()
            .filter(|one| one.sender.channels().contains(&channel))
        {
            let outcome = one.sender.send(&message).await;
            metrics::counter!("portcullis_messages_total",
                "channel" => channel.word(), "sender" => one.instance.clone(), "outcome" => outcome.word())
            .increment(1);
            let taken = matches!(
                outcome,
                Outcome::Done(_) | Outcome::Pending(_) | Outcome::Unknown(_)
            );
            offered.push(Offered {
                instance: one.instance.clone(),
                outcome,
            });
            if taken {
                break;
            }
        }
        if offered.is_empty() {
            let reason = Reason::passing("no-sender", "no sender is configured", FIRST_WAIT);
            offered = nobody(reason);
        }
        Ok(offered)
    }

    /// A message that nobody took is tried again as long as one refusal may pass.
    pub(super) fn judge(&self, leased: &Place, offered: Vec<Offered>) -> Verdict {
        let now = self.deployment.now();
        let mut verdict = Verdict::without_sender(Delivery::Dead, Vec::new());
        for Offered { instance, outcome } in offered {
            let (detail, taken) = match &outcome {
                Outcome::Done(receipt) => (String::new(), Some((Delivery::Delivered, &receipt.reference))),
                Outcome::Pending(reference) => {
                    let detail = "accepted for delivery".into();
                    (detail, Some((Delivery::Delivered, &reference.0)))
                }
                Outcome::Unknown(reference) => {
                    let detail = "it may have been sent".into();
                    (detail, Some((Delivery::Unknown, &reference.0)))
                }
                Outcome::Declined(reason) | Outcome::NotSent(reason) => {
                    let again_at = self.next_try(leased.tries, reason, now);
                    verdict.again_at = match (verdict.again_at, again_at) {
                        (Some(one), Some(other)) => Some(one.min(other)),
                        (one, other) => one.or(other),
                    };
                    (format!("{}: {}", reason.code, reason.detail), None)
                }
            };
            verdict.attempts.push(Attempt {
                at: now,
                sender: instance.clone(),
                outcome: outcome.word().into(),
                detail,
            });
            if let Some((delivery, reference)) = taken {
                verdict.delivery = delivery;
                verdict.taken = Some((instance, reference.clone()));
                verdict.again_at = None;
                return verdict;
            }
        }
        if verdict.again_at.is_some() {
            verdict.delivery = Delivery::Queued;
        }
        verdict
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
}
