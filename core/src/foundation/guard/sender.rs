//! A sender behind its guard.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::connections::Connection;
use portcullis_ports::notification::{Channel, Message, MessageLookup, Receipt, Sender, Senders, Sought};
use portcullis_ports::outcome::{Outcome, Reason, Reference, Resolution};
use portcullis_ports::plugin::Port as _;
use portcullis_ports::policy::{CallPolicy, Guarded};

use super::{Ended, Guard, Guards, Turn};

/// When a vendor that does not answer a lookup is asked again.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// A sender under the name that the operator gave it.
pub(crate) struct GuardedSender {
    instance: String,
    inner: Arc<dyn Sender>,
    reports: bool,
    lookup: Option<Arc<dyn MessageLookup>>,
    pub(crate) guard: Guard,
    lookups: Guard,
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
            lookup: connection.lookup.clone(),
            guard: guards.guard(Senders::NAME, &connection.instance, policy),
            lookups: guards.guard(Senders::NAME, &connection.instance, Senders::LOOKUPS),
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

    /// How long after its answer was lost a message can be looked up; `None` where it never can.
    pub(crate) fn absence_after(&self) -> Option<Duration> {
        self.lookup.as_ref().map(|lookup| lookup.absence_after())
    }

    /// Asks the vendor what became of a message.
    pub(crate) async fn lookup(&self, sought: &Sought<'_>) -> Resolution<Receipt> {
        let later = |code, why| Resolution::CannotTell(Reason::passing(code, why, LOOK_AGAIN));
        let Some(lookup) = &self.lookup else {
            let why = "its sender cannot look it up";
            return Resolution::CannotTell(Reason::permanent("no-lookup", why));
        };
        match self.lookups.run("lookup", lookup.lookup(sought)).await {
            Some(Resolution::Found(Outcome::Unknown(_))) => {
                later("undecided", "the vendor does not know what became of it")
            }
            Some(resolution) => resolution,
            None => later("no-answer", "the vendor did not answer"),
        }
    }

    /// Sends one message, once. What did not end in time, or ended in a defect, may have happened: it is `Unknown`.
    pub(crate) async fn send(&self, turn: Turn<'_>, message: &Message) -> Outcome<Receipt> {
        match turn.run(self.inner.send(message)).await {
            Ended::Answered(outcome) => outcome,
            Ended::TimedOut | Ended::Failed => Outcome::Unknown(Reference::Ours(message.id.to_string())),
            Ended::NotBegun => {
                let why = "no time was left once it was its turn";
                Outcome::NotSent(Reason::passing("sender-busy", why, Duration::from_secs(1)))
            }
        }
    }
}
