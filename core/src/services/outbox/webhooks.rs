//! Deliveries to the webhooks of senders: checked, counted, and every refusal told to the operator.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use portcullis_ports::inbound::{CERTIFICATE_UNAVAILABLE, Delivery, NOT_CONFIRMED, UNREADABLE};
use portcullis_ports::{Code, Error, Kind, Result, Retry, Timestamp};

use super::Outbox;
use crate::foundation::guard::{GuardedInbound, WEBHOOK_UNAVAILABLE};
use crate::foundation::source::Source;

/// The most refusals of one sender that are written into the log one by one, in each of these spans.
const LINES: u32 = 30;
const SPAN: Duration = Duration::from_mins(1);
/// Refusals at addresses without a webhook are counted under this name: the address is a stranger's invention.
const NOBODY: &str = "";

/// The troubles at the vendor that a delivery is answered with.
const WEBHOOK_TROUBLES: [Code; 3] = [WEBHOOK_UNAVAILABLE, CERTIFICATE_UNAVAILABLE, NOT_CONFIRMED];

/// Refusals that were written into the log a moment ago, by sender.
#[derive(Default)]
pub(super) struct RefusalLog(Mutex<BTreeMap<String, Lines>>);

struct Lines {
    since: Timestamp,
    written: u32,
    left_out: u32,
}

/// Whether a line may be written, and how many were left out in the span that has just ended.
struct Leave {
    write: bool,
    left_out: u32,
}

impl RefusalLog {
    fn leave(&self, sender: &str, now: Timestamp) -> Leave {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = logs.entry(sender.to_owned()).or_insert(Lines {
            since: now,
            written: 0,
            left_out: 0,
        });
        let mut left_out = 0;
        if now.since(lines.since) >= SPAN || now < lines.since {
            left_out = lines.left_out;
            *lines = Lines {
                since: now,
                written: 0,
                left_out: 0,
            };
        }
        let write = lines.written < LINES;
        if write {
            lines.written += 1;
        } else {
            lines.left_out += 1;
        }
        Leave { write, left_out }
    }
}

impl Outbox {
    /// Whether a sender of this name has webhooks.
    pub fn has_webhooks(&self, instance: &str) -> bool {
        self.webhooks(instance).is_some()
    }

    fn webhooks(&self, instance: &str) -> Option<&GuardedInbound> {
        let found = self.senders.iter().find(|one| one.guard.instance() == instance)?;
        found.inbound.as_ref()
    }

    /// Verifies a delivery to a sender's webhook and applies what is in it.
    ///
    /// # Errors
    /// `webhook-not-verified`, `webhook-unreadable`; `webhook-unavailable` if the vendor should deliver it again.
    pub async fn receive(&self, instance: &str, delivery: &Delivery<'_>, source: &Source) -> Result<()> {
        let received = self.verified(instance, delivery, source).await;
        match &received {
            Ok(()) => count(instance, "accepted"),
            Err(error) => self.refused(instance, error),
        }
        received
    }

    async fn verified(&self, instance: &str, delivery: &Delivery<'_>, source: &Source) -> Result<()> {
        let inbound = self
            .webhooks(instance)
            .ok_or_else(|| Error::internal("a delivery was handed to a sender without webhooks"))?;
        let events = inbound
            .receive(delivery, &source.network())
            .await
            .map_err(told_alike)?;
        for event in events {
            let recorded = self.record(instance, &event).await?;
            metrics::counter!("portcullis_delivery_events_total",
                "sender" => instance.to_owned(), "outcome" => recorded.as_str())
            .increment(1);
        }
        Ok(())
    }

    /// Counts a delivery that was refused and tells the operator why, never what was in it. `instance` may be no sender:
    /// strangers invent addresses.
    pub fn refused(&self, instance: &str, error: &Error) {
        let sender = if self.has_webhooks(instance) {
            instance
        } else {
            NOBODY
        };
        count(
            sender,
            match error.kind() {
                Kind::Unauthenticated => "not_verified",
                Kind::Unavailable => "unavailable",
                _ => "unreadable",
            },
        );
        let Leave { write, left_out } = self.refusals.leave(sender, self.context.now());
        if left_out > 0 {
            tracing::warn!(
                sender,
                left_out,
                "more webhooks were refused than were written down here"
            );
        }
        if write {
            let reasons: Vec<_> = error
                .context()
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            let why = if reasons.is_empty() {
                error.detail().to_owned()
            } else {
                reasons.join("; ")
            };
            tracing::warn!(sender, code = error.code().name(), why, "a webhook was refused");
        }
    }
}

/// What a plugin says of a delivery, with the codes that are the same for every vendor.
fn told_alike(error: Error) -> Error {
    match error.kind() {
        Kind::Invalid => UNREADABLE
            .with_detail(error.detail().to_owned())
            .with_source(error),
        Kind::Unavailable if !WEBHOOK_TROUBLES.contains(&error.code()) => {
            let told = WEBHOOK_UNAVAILABLE
                .error()
                .with_context("why", error.detail().to_owned());
            match error.retry() {
                Retry::Later(wait) => told.retry_after(wait).with_source(error),
                Retry::Never | Retry::Unknown => told.with_source(error),
            }
        }
        _ => error,
    }
}

fn count(sender: &str, outcome: &'static str) {
    metrics::counter!("portcullis_webhooks_total", "sender" => sender.to_owned(), "outcome" => outcome)
        .increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_no_flood_of_lines_and_is_summed_up() {
        let log = RefusalLog::default();
        let start = Timestamp::from_seconds(1_000);
        let written = (0..500).filter(|_| log.leave("main", start).write).count();
        assert_eq!(written, 30);
        assert!(
            log.leave("other", start).write,
            "every sender has lines of its own"
        );
        let later = log.leave("main", start + SPAN);
        assert!(later.write);
        assert_eq!(later.left_out, 470);
    }
}
