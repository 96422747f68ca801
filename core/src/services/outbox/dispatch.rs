//! Offering a message to the senders of its channel, one after the other, and what follows from their answers.

use std::time::Duration;

use portcullis_ports::notification::{Channel, Message, Receipt};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::{Result, Retry, Timestamp};

use super::Outbox;
use super::html::html;
use super::meters;
use super::records::{Attempt, MessageStatus, QueueEntry, StoredMessage, Unresolved};

/// The first wait after a failure; it doubles with every try.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// How long a message waits for room at a sender when the next one has some.
const OVERFLOW: Duration = Duration::from_secs(1);

/// A sender whose turn it was, and its answer, or why it was not asked.
pub(super) struct Offered {
    instance: String,
    outcome: Outcome<Receipt>,
    asked: bool,
}

/// What came of offering a message.
#[derive(Default)]
pub(super) struct Offering {
    pub(super) offered: Vec<Offered>,
    /// It expired while it waited for its turn.
    pub(super) late: bool,
    /// When a sender whose circuit is open may be asked again.
    again_at: Option<Timestamp>,
}

impl Offering {
    /// Whether anybody gave an answer.
    pub(super) fn was_asked(&self) -> bool {
        self.offered.iter().any(|one| one.asked)
    }
}

impl Offered {
    /// An answer.
    pub(super) fn of(instance: &str, outcome: Outcome<Receipt>) -> Self {
        let instance = instance.to_owned();
        Self {
            instance,
            outcome,
            asked: true,
        }
    }
}

/// What follows from the answers.
pub(super) struct Verdict {
    pub(super) delivery: MessageStatus,
    pub(super) attempts: Vec<Attempt>,
    /// The sender that took the message or may have, and the name of the message there.
    pub(super) taken: Option<(String, Reference)>,
    pub(super) again_at: Option<Timestamp>,
    /// What is looked up then, before it is sent again.
    pub(super) unresolved: Option<Unresolved>,
    /// Nobody could be asked: it does not count as a try.
    pub(super) not_asked: bool,
}

impl Verdict {
    /// Nobody was asked.
    pub(super) fn without_sender(delivery: MessageStatus, attempts: Vec<Attempt>) -> Self {
        Self {
            delivery,
            attempts,
            taken: None,
            again_at: None,
            unresolved: None,
            not_asked: false,
        }
    }

    /// The vendor reported that it has the message.
    pub(super) fn reported(now: Timestamp, sender: String) -> Self {
        let attempt = Attempt {
            at: now,
            sender,
            outcome: "done".into(),
            detail: "the vendor reported it; its answer never came".into(),
        };
        Self::without_sender(MessageStatus::Delivered, vec![attempt])
    }

    /// What could be tried again only after it is of no use is over now. A lookup is of use whenever it comes.
    pub(super) fn unless_late(mut self, stored: &StoredMessage) -> Self {
        if self.unresolved.is_none() && self.again_at.is_some_and(|again| stored.is_late(again)) {
            self.again_at = None;
            self.delivery = MessageStatus::Expired;
        }
        self
    }
}

impl Outbox {
    /// Asks every sender of the channel, in order, until one takes the message or may have taken it. A sender whose
    /// circuit is open is passed over. No send begins that the lease would not outlast.
    pub(super) async fn offer(&self, leased: &mut QueueEntry, stored: &StoredMessage) -> Result<Offering> {
        let nobody = |reason| Offering {
            offered: vec![Offered {
                instance: String::new(),
                outcome: Outcome::NotSent(reason),
                asked: true,
            }],
            ..Offering::default()
        };
        let Some(message) = self.compose(stored).await? else {
            return Ok(nobody(Reason::permanent("no-text", "the text is gone")));
        };
        let channel = stored.to.channel();
        let senders: Vec<_> = self.senders.iter().filter(|one| one.serves(channel)).collect();
        if senders.is_empty() {
            let reason = Reason::passing("no-sender", "no sender is configured", FIRST_WAIT);
            return Ok(nobody(reason));
        }
        let urgency = stored.lane.urgency();
        let limit = self.settings.timeout.get();
        let mut offering = Offering::default();
        for (at, one) in senders.iter().enumerate() {
            let mut others = senders.iter().skip(at + 1);
            let overflows = others.any(|other| other.guard.capacity(urgency) > 0);
            let max_wait = if overflows { OVERFLOW } else { limit };
            let Some(turn) = one.guard.enter("send", urgency, max_wait).await else {
                offering.pass_over(one.instance(), one.guard.open_until());
                continue;
            };
            if stored.is_late(self.context.now()) {
                offering.late = !offering.was_asked();
                break;
            }
            match self.hold(leased, turn.deadline()).await {
                Ok(true) => {}
                Ok(false) => break,
                // What the senders before this one answered is written down all the same.
                Err(error) if offering.was_asked() => {
                    tracing::warn!(id = %stored.id, ?error, "the lease of a message could not be renewed");
                    break;
                }
                Err(error) => return Err(error),
            }
            let outcome = one.send(turn, &message).await;
            metrics::counter!(meters::MESSAGES.name,
                "channel" => channel.as_str(), "sender" => one.instance().to_owned(), "outcome" => outcome.as_str())
            .increment(1);
            let taken = matches!(
                outcome,
                Outcome::Done(_) | Outcome::Pending(_) | Outcome::Unknown(_)
            );
            offering.offered.push(Offered {
                instance: one.instance().to_owned(),
                outcome,
                asked: true,
            });
            if taken {
                break;
            }
        }
        Ok(offering)
    }

    /// The message as senders take it; `None` if its text is gone.
    pub(super) async fn compose(&self, stored: &StoredMessage) -> Result<Option<Message>> {
        let Some(sealed) = &stored.body else {
            return Ok(None);
        };
        let body = self.unseal(&stored.id, sealed).await?;
        let html = (stored.to.channel() == Channel::Email)
            .then(|| html(body.language, &stored.subject, &body.text, body.code.as_deref()));
        Ok(Some(Message {
            id: stored.id.clone(),
            to: stored.to.clone(),
            subject: stored.subject.clone(),
            text: body.text,
            html,
            code: body.code,
        }))
    }

    /// A message that waits until a sender may be asked.
    pub(super) fn not_asked(&self, leased: &QueueEntry, offering: &Offering) -> Verdict {
        let soon = self.context.now() + OVERFLOW;
        let again_at = offering.again_at.map_or(soon, |at| at.max(soon));
        Verdict {
            again_at: Some(again_at + self.jitter(OVERFLOW * leased.tries.clamp(1, 8))),
            not_asked: true,
            ..Verdict::without_sender(MessageStatus::Queued, Vec::new())
        }
    }

    /// A message that nobody took is tried again as long as one refusal may pass.
    pub(super) fn judge(&self, leased: &QueueEntry, offered: Vec<Offered>) -> Verdict {
        let now = self.context.now();
        let mut verdict = Verdict::without_sender(MessageStatus::Dead, Vec::new());
        for Offered {
            instance,
            outcome,
            asked,
        } in offered
        {
            let (detail, taken) = match &outcome {
                Outcome::Done(receipt) => {
                    let theirs = Reference::Theirs(receipt.reference.clone());
                    (String::new(), Some((MessageStatus::Delivered, theirs)))
                }
                Outcome::Pending(reference) => {
                    let detail = "accepted for delivery".into();
                    (detail, Some((MessageStatus::Delivered, reference.clone())))
                }
                Outcome::Unknown(reference) => {
                    let detail = "it may have been sent".into();
                    (detail, Some((MessageStatus::Unknown, reference.clone())))
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
            if !asked {
                continue;
            }
            verdict.attempts.push(Attempt {
                at: now,
                sender: instance.clone(),
                outcome: outcome.as_str().into(),
                detail,
            });
            if let Some((delivery, reference)) = taken {
                verdict.delivery = delivery;
                verdict.taken = Some((instance, reference));
                verdict.again_at = None;
                return verdict;
            }
        }
        if verdict.again_at.is_some() {
            verdict.delivery = MessageStatus::Queued;
        }
        verdict
    }

    /// Waits double from try to try, and no two messages wait alike.
    fn next_try(&self, tries: u32, reason: &Reason, now: Timestamp) -> Option<Timestamp> {
        let Retry::Later(asked) = reason.retry else {
            return None;
        };
        if tries >= self.settings.attempts {
            return None;
        }
        let doubled = FIRST_WAIT
            .saturating_mul(1 << tries.saturating_sub(1).min(16))
            .min(LONGEST_WAIT);
        Some(now + asked.max(doubled) + self.jitter(doubled))
    }

    /// Up to a quarter of a wait, drawn by lot, so that no two messages wait alike.
    fn jitter(&self, wait: Duration) -> Duration {
        let mut byte = [0];
        let drawn = self.context.entropy.fill(&mut byte);
        wait * drawn.map_or(0, |()| u32::from(byte[0])) / 1024
    }
}

impl Offering {
    /// Notes a sender that was not asked, which may be asked another time.
    fn pass_over(&mut self, instance: &str, until: Option<Timestamp>) {
        let why = if until.is_some() {
            "it failed again and again and is not called for a while"
        } else {
            "it had no room in time"
        };
        let reason = Reason::passing("sender-not-asked", why, FIRST_WAIT);
        self.again_at = match (self.again_at, until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.offered.push(Offered {
            instance: instance.to_owned(),
            outcome: Outcome::NotSent(reason),
            asked: false,
        });
    }
}
