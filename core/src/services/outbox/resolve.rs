//! Messages that may have been sent: their vendor is asked what became of them before anything else is done.

use std::time::Duration;

use portcullis_ports::notification::{Receipt, Senders, Sought};
use portcullis_ports::outcome::{Outcome, Reason, Reference, Resolution};
use portcullis_ports::storage::STORE_CONFLICT;
use portcullis_ports::{Result, Retry, Timestamp};

use super::Outbox;
use super::dispatch::{Offered, Verdict};
use super::meters;
use super::records::{Attempt, MessageStatus, QueueEntry, StoredMessage, Unresolved};
use crate::foundation::guard::GuardedSender;

/// How often a vendor that cannot tell yet is asked.
const LOOKUPS: u32 = 5;
/// The wait between two lookups; it doubles.
const FIRST_WAIT: Duration = Duration::from_secs(15);

impl Outbox {
    /// Keeps a message that may have been sent, since `since` at the earliest, until its vendor can tell: where it can.
    pub(super) fn keep_unresolved(&self, verdict: &mut Verdict, since: Timestamp) {
        let Some((sender, reference)) = verdict
            .taken
            .as_ref()
            .filter(|_| verdict.delivery == MessageStatus::Unknown)
        else {
            return;
        };
        let sender = self.senders.iter().find(|one| one.instance() == sender);
        if let Some((sender, wait)) = sender.and_then(|one| Some((one, one.absence_after()?))) {
            verdict.again_at = Some(self.context.now() + wait);
            verdict.unresolved = Some(Unresolved {
                sender: sender.instance().to_owned(),
                reference: reference.clone(),
                since,
                lookups: 0,
            });
        }
    }

    /// What follows for a message that its sender left open. Its vendor may have reported it meanwhile.
    pub(super) async fn resolve(
        &self,
        leased: &mut QueueEntry,
        stored: &StoredMessage,
        unresolved: &Unresolved,
    ) -> Result<Verdict> {
        let now = self.context.now();
        if let Some(sender) = self.reported(stored).await? {
            return Ok(Verdict::reported(now, sender));
        }
        let Unresolved {
            sender,
            reference,
            since,
            ..
        } = unresolved;
        let resolution = match self.senders.iter().find(|one| one.instance() == sender) {
            Some(sender) => self.look_up(sender, leased, stored, reference, *since).await?,
            None => Resolution::CannotTell(Reason::permanent("no-sender", "its sender is not configured")),
        };
        let outcome = match resolution {
            Resolution::Found(outcome) => outcome,
            Resolution::Absent => {
                let why = "the vendor never had it";
                Outcome::NotSent(Reason::passing("never-arrived", why, Duration::ZERO))
            }
            Resolution::CannotTell(reason) => return Ok(still_unknown(now, unresolved, &reason)),
        };
        Ok(self.found(leased, sender, outcome))
    }

    /// Looks for a message whose worker disappeared: whoever has it was sent it by that worker.
    pub(super) async fn find_abandoned(
        &self,
        leased: &mut QueueEntry,
        stored: &StoredMessage,
    ) -> Result<Option<Verdict>> {
        let ours = Reference::Ours(stored.id.to_string());
        let channel = stored.to.channel();
        let can_tell = |one: &&GuardedSender| one.serves(channel) && one.absence_after().is_some();
        for sender in self.senders.iter().filter(can_tell) {
            let since = stored.created_at;
            let resolution = self.look_up(sender, leased, stored, &ours, since).await?;
            if let Resolution::Found(outcome @ (Outcome::Done(_) | Outcome::Pending(_))) = resolution {
                return Ok(Some(self.found(leased, sender.instance(), outcome)));
            }
        }
        Ok(None)
    }

    /// As if the answer had come now; a lookup is no try.
    fn found(&self, leased: &QueueEntry, sender: &str, outcome: Outcome<Receipt>) -> Verdict {
        let tried = QueueEntry {
            tries: leased.tries.saturating_sub(1),
            ..leased.clone()
        };
        let mut verdict = self.judge(&tried, vec![Offered::of(sender, outcome)]);
        for attempt in &mut verdict.attempts {
            if attempt.detail.is_empty() {
                attempt.detail = "the answer was lost; the vendor was asked, and has it".into();
            }
        }
        verdict.not_asked = true;
        verdict
    }

    /// # Errors
    /// `store-conflict` if another worker has the message by now.
    async fn look_up(
        &self,
        sender: &GuardedSender,
        leased: &mut QueueEntry,
        stored: &StoredMessage,
        reference: &Reference,
        since: Timestamp,
    ) -> Result<Resolution<Receipt>> {
        let Some(message) = self.compose(stored).await? else {
            return Ok(Resolution::CannotTell(Reason::permanent(
                "no-text",
                "the text is gone",
            )));
        };
        let deadline = self.context.now() + Senders::LOOKUPS.limit;
        if !self.hold(leased, deadline).await? {
            return Err(STORE_CONFLICT.error());
        }
        let sought = Sought {
            message: &message,
            reference,
            since,
        };
        let mut resolution = sender.lookup(&sought).await;
        if let Resolution::Found(outcome) = &resolution {
            let theirs = match outcome {
                Outcome::Done(receipt) => Some(receipt.reference.as_str()),
                Outcome::Pending(reference) => Some(reference.as_str()),
                _ => None,
            };
            // Two messages that read alike cannot be told apart by every vendor: what is known as another is not this one.
            if let Some(theirs) = theirs
                && let Some(known) = self.named(sender.instance(), theirs).await?.value.message
                && known != stored.id
            {
                let why = "the vendor has one that reads alike, and that is another message";
                resolution = Resolution::CannotTell(Reason::permanent("not-distinct", why));
            }
        }
        metrics::counter!(meters::LOOKUPS.name,
            "sender" => sender.instance().to_owned(), "result" => resolution.as_str())
        .increment(1);
        Ok(resolution)
    }
}

/// Another lookup if that makes sense, else the message stays unknown.
fn still_unknown(now: Timestamp, unresolved: &Unresolved, reason: &Reason) -> Verdict {
    let lookups = unresolved.lookups.saturating_add(1);
    let again_at = match reason.retry {
        Retry::Later(wait) if lookups < LOOKUPS => {
            let doubled = FIRST_WAIT.saturating_mul(1 << lookups.min(16));
            Some(now + wait.max(doubled))
        }
        _ => None,
    };
    let last = again_at.is_none().then(|| Attempt {
        at: now,
        sender: unresolved.sender.clone(),
        outcome: MessageStatus::Unknown.as_str().into(),
        detail: format!("{}: {}", reason.code, reason.detail),
    });
    Verdict {
        taken: Some((unresolved.sender.clone(), unresolved.reference.clone())),
        again_at,
        unresolved: again_at.map(|_| Unresolved {
            lookups,
            ..unresolved.clone()
        }),
        not_asked: true,
        ..Verdict::without_sender(MessageStatus::Unknown, last.into_iter().collect())
    }
}
