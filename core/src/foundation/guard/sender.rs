//! A sender behind its guard.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::connections::Connection;
use portcullis_ports::notification::{Channel, Message, Receipt, Sender, Senders};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::policy::{CallPolicy, Guarded};

use super::{Ended, Guard, Guards, Turn};

/// A sender under the name that the operator gave it.
pub(crate) struct GuardedSender {
    instance: String,
    inner: Arc<dyn Sender>,
    reports: bool,
    pub(crate) guard: Guard,
}

impl GuardedSender {
    /// Holds each message to `limit`, the wait for its turn included.
    pub(crate) fn new(guards: &Guards, connection: &Connection<Senders>, limit: Duration) -> Self {
        let inner = Arc::clone(&connection.sender);
        let policy = CallPolicy {
            limit,
            concurrency: inner.concurrency().max(1),
            ..Senders::POLICY
        };
        Self {
            instance: connection.instance.clone(),
            inner,
            reports: connection.inbound.is_some(),
            guard: guards.guard("senders", &connection.instance, policy),
        }
    }

    /// The name that the operator gave it.
    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }

    /// Whether its vendor reports what became of messages.
    pub(crate) fn reports(&self) -> bool {
        self.reports
    }

    pub(crate) fn serves(&self, channel: Channel) -> bool {
        self.inner.channels().contains(&channel)
    }

    /// Sends one message, once. What did not end in time, or ended in a defect, may have happened: it is `Unknown`.
    pub(crate) async fn send(&self, turn: Turn<'_>, message: &Message) -> Outcome<Receipt> {
        match turn.run(self.inner.send(message)).await {
            Ended::Answered(outcome) => outcome,
            Ended::TimedOut | Ended::Failed => Outcome::Unknown(Reference(message.id.to_string())),
            Ended::NotBegun => {
                let why = "no time was left once it was its turn";
                Outcome::NotSent(Reason::passing("sender-busy", why, Duration::from_secs(1)))
            }
        }
    }
}
