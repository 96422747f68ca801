//! Webhooks in: an area registers a handler per instance of a plugin; refusals are counted and told to the operator.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::connections::{Connection, Connections};
use portcullis_ports::inbound::{
    CERTIFICATE_UNAVAILABLE, NOT_CONFIRMED, NOT_VERIFIED, UNREADABLE, WebhookRequest,
};
use portcullis_ports::plugin::Port;
use portcullis_ports::{Clock, Code, Error, Kind, Result, Timestamp};

use crate::foundation::area::Area;
use crate::foundation::guard::WEBHOOK_UNAVAILABLE;
use crate::foundation::meter::Meter;
use crate::foundation::source::Source;

/// What a delivery may be answered with.
pub const WEBHOOK_PROBLEMS: &[Code] = &[
    NOT_VERIFIED,
    UNREADABLE,
    WEBHOOK_UNAVAILABLE,
    CERTIFICATE_UNAVAILABLE,
    NOT_CONFIRMED,
];

/// The most refusals of one instance that are written into the log one by one, in each of these spans.
const LINES: u32 = 30;
const SPAN: Duration = Duration::from_mins(1);
/// Refusals at addresses without a webhook are counted under this name: the address is a stranger's invention.
const NOBODY: Address<'static> = ("", "");

/// The name of a port and of an instance.
type Address<'a> = (&'a str, &'a str);

/// Verifies the deliveries to one instance and applies what is in them.
#[async_trait]
pub(crate) trait WebhookHandler: Send + Sync + 'static {
    /// Takes one delivery. One that comes again changes nothing.
    async fn receive(&self, delivery: &WebhookRequest<'_>, source: &Source) -> Result<()>;
}

/// Every webhook of a deployment.
pub struct Webhooks {
    clock: Arc<dyn Clock>,
    /// By port and instance.
    handlers: BTreeMap<(&'static str, String), Arc<dyn WebhookHandler>>,
    refusals: RefusalLog,
}

impl Webhooks {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self {
            clock: Arc::clone(clock),
            handlers: BTreeMap::new(),
            refusals: RefusalLog::default(),
        }
    }

    /// Hands the deliveries of an instance to `handler`.
    pub(crate) fn register<P: Port>(&mut self, connection: &Connection<P>, handler: impl WebhookHandler) {
        let address = (P::NAME, connection.instance.clone());
        self.handlers.insert(address, Arc::new(handler));
    }

    /// Fails if a vendor posts to an instance for which no area has registered a handler.
    pub(crate) fn require_handlers(&self, connections: &Connections) -> Result<()> {
        let posted = connections.iter().filter(|one| one.webhook());
        for connection in posted {
            if !self.has(connection.port(), connection.instance()) {
                let name = connection.name();
                return Err(Error::internal(format!("no area takes the webhooks of {name}")));
            }
        }
        Ok(())
    }

    /// Whether there is a webhook at this address.
    pub fn has(&self, port: &str, instance: &str) -> bool {
        self.handler((port, instance)).is_some()
    }

    fn handler(&self, (port, instance): Address<'_>) -> Option<&Arc<dyn WebhookHandler>> {
        let mut found = self.handlers.iter();
        found
            .find(|((of, named), _)| *of == port && named == instance)
            .map(|(_, handler)| handler)
    }

    /// Verifies a delivery to a webhook and applies what is in it.
    ///
    /// # Errors
    /// `webhook-not-verified`, `webhook-unreadable`; `webhook-unavailable` if the vendor should deliver it again.
    pub async fn receive(
        &self,
        port: &str,
        instance: &str,
        delivery: &WebhookRequest<'_>,
        source: &Source,
    ) -> Result<()> {
        let received = match self.handler((port, instance)) {
            Some(handler) => handler.receive(delivery, source).await,
            None => Err(Error::internal(
                "a delivery was handed to a port without webhooks",
            )),
        };
        match &received {
            Ok(()) => count((port, instance), "accepted"),
            Err(error) => self.refused(port, instance, error),
        }
        received
    }

    /// Counts a delivery that was refused and tells the operator why, never what was in it. The address may be nobody's:
    /// strangers invent addresses.
    pub fn refused(&self, port: &str, instance: &str, error: &Error) {
        let address = if self.has(port, instance) {
            (port, instance)
        } else {
            NOBODY
        };
        let (port, instance) = address;
        count(
            address,
            match error.kind() {
                Kind::Unauthenticated => "not_verified",
                Kind::Unavailable => "unavailable",
                Kind::Conflict => "conflict",
                _ => "unreadable",
            },
        );
        let LogPermit { write, left_out } = self.refusals.permit(address, self.clock.now());
        if left_out > 0 {
            tracing::warn!(
                port,
                instance,
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
            tracing::warn!(
                port,
                instance,
                code = error.code().name(),
                why,
                "a webhook was refused"
            );
        }
    }
}

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    meters: &[DELIVERIES],
    ..Area::EMPTY
};

/// Deliveries, by how they ended.
const DELIVERIES: Meter = Meter::counter(
    "portcullis_webhooks_total",
    "Deliveries to webhooks, by port and instance: accepted, not_verified, unreadable, conflict or unavailable.",
);

fn count((port, instance): Address<'_>, outcome: &'static str) {
    metrics::counter!(DELIVERIES.name,
        "port" => port.to_owned(), "instance" => instance.to_owned(), "outcome" => outcome)
    .increment(1);
}

/// Refusals that were written into the log a moment ago, by address.
#[derive(Default)]
struct RefusalLog(Mutex<BTreeMap<(String, String), Lines>>);

struct Lines {
    since: Timestamp,
    written: u32,
    left_out: u32,
}

/// Whether a line may be written, and how many were left out in the span that has just ended.
struct LogPermit {
    write: bool,
    left_out: u32,
}

impl RefusalLog {
    fn permit(&self, (port, instance): Address<'_>, now: Timestamp) -> LogPermit {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Lines {
            since: now,
            written: 0,
            left_out: 0,
        };
        let lines = logs
            .entry((port.to_owned(), instance.to_owned()))
            .or_insert_with(fresh);
        let mut left_out = 0;
        if now.since(lines.since) >= SPAN || now < lines.since {
            left_out = lines.left_out;
            *lines = fresh();
        }
        let write = lines.written < LINES;
        if write {
            lines.written += 1;
        } else {
            lines.left_out += 1;
        }
        LogPermit { write, left_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_no_flood_of_lines_and_is_summed_up() {
        let log = RefusalLog::default();
        let start = Timestamp::from_seconds(1_000);
        let main = ("senders", "main");
        let written = (0..500).filter(|_| log.permit(main, start).write).count();
        assert_eq!(written, 30);
        assert!(
            log.permit(("senders", "other"), start).write,
            "every instance has lines of its own"
        );
        let later = log.permit(main, start + SPAN);
        assert!(later.write);
        assert_eq!(later.left_out, 470);
    }
}
