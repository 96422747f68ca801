//! Webhooks in: stored before they are answered, applied afterwards, and never twice.
//!
//! Every delivery is verified on the bytes that arrived, redacted by its plugin, taken apart, and stored in one commit: the
//! delivery sealed, one record and one task for each of its events. Then it is answered. A task applies each event.
//!
//! An area takes the events of a port like this:
//!
//! ```text
//! pub(crate) const PAYMENT_EVENTS: TaskKind = inbox::task_kind("payment-events", "Applies what payment vendors report.");
//! // in AREA: tasks: &[&PAYMENT_EVENTS]
//!
//! // when the application opens, once for the port and once for each connection:
//! runners.repeating(&PAYMENT_EVENTS, inbox.runner());
//! inbox.register(&mut webhooks, connection, inbound, &PAYMENT_EVENTS, limit, handler);
//!
//! #[async_trait]
//! impl EventHandler<PaymentEvent> for Payments {
//!     async fn apply(&self, batch: &mut Batch, event: &Verified<PaymentEvent>) -> Result<Handled> { … }
//! }
//! ```
//!
//! - What a handler adds to the batch is committed together with the state of the event and the end of its task. It is called
//!   again if that commit meets somebody who was faster. It may commit on its own before, if doing so twice does no harm.
//! - It answers what became of the event: `Handled`. An error is no answer: the event is tried again for about a day, and is
//!   dead after that. `Parked` is tried again for a day as well, and is unmatched after that.
//! - No order is kept, and two events of one matter may be applied at the same time.
//! - After `KEPT` the delivery is gone; the event stays, so that it is recognised for ever.

mod apply;
mod meters;
mod operator;
mod pages;
mod receive;
mod records;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::connections::Connection;
use portcullis_ports::inbound::{Delivery, Inbound as InboundPlugin, InboundEvent, Verified};
use portcullis_ports::plugin::Port;
use portcullis_ports::{Code, Kind, Result, text};
use sha2::{Digest, Sha256};

pub use operator::EventView;
pub use pages::{EventFilter, EventPage, ListedState};
pub use records::EventState;
pub(crate) use records::{INBOX, RawDelivery};

use crate::foundation::area::{Area, Family, Personal, shape};
use crate::foundation::context::Context;
use crate::foundation::guard::GuardedInbound;
use crate::foundation::keyring::Keyring;
use crate::foundation::sealed_texts::kind;
use crate::foundation::table::Batch;
use crate::foundation::task_kind::TaskKind;
use crate::services::tasks::Tasks;
use crate::services::webhooks::Webhooks;

/// How long a delivery is kept, sealed: as long as an event can be tried again.
pub(crate) const KEPT: Duration = Duration::from_hours(30 * 24);

/// The waits of an event that cannot be applied: twelve tries in a good day.
const WAITS: &[Duration] = &[
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(3),
    Duration::from_hours(5),
    Duration::from_hours(6),
    Duration::from_hours(8),
];
const ATTEMPTS: u32 = 12;
/// An event whose worker dies waits for this long: it is renewed while a worker lives, and vendors expect news to have effect.
const LEASE: Duration = Duration::from_secs(20);

/// What this declares for all tools and lists.
pub(crate) const AREA: Area = Area {
    families: &[
        // What was applied since the backup must not be applied again.
        Family::new(
            INBOX,
            Personal::Expiring,
            &[
                shape::<RawDelivery>("delivery"),
                shape::<records::Event>("event"),
                shape::<records::Line>("line"),
            ],
        )
        .sealed(kind::<RawDelivery>())
        .taken_over(),
    ],
    problems: &[EVENT_NOT_FOUND, DELIVERY_EXPIRED],
    meters: meters::ALL,
    ..Area::EMPTY
};

/// There is no such event.
pub const EVENT_NOT_FOUND: Code = Code::new(
    "event-not-found",
    Kind::NotFound,
    "No such event was delivered by this plugin.",
);

/// The delivery of the event is not kept any more.
pub const DELIVERY_EXPIRED: Code = Code::new(
    "delivery-expired",
    Kind::Gone,
    "The delivery of this event is older than 30 days and not kept any more: ask the vendor to send a new event.",
);

/// How long events wait that a node took and did not live to apply.
const PATROL: Duration = Duration::from_mins(2);

/// The tasks that apply the events of a port: a lane of its own, so that a slow vendor keeps no other waiting.
pub(crate) const fn task_kind(name: &'static str, summary: &'static str) -> TaskKind {
    TaskKind::new(name, summary)
        .sharded(4)
        .concurrent(16)
        .leased(LEASE)
        .patrolled(PATROL)
        .retried(ATTEMPTS, WAITS)
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handled {
    /// It changed something.
    Applied,
    /// What it tells was known.
    Unchanged,
    /// It is about something that is not ours.
    Foreign,
    /// It is of a kind that is not served here.
    Ignored,
    /// What it is about is not known yet.
    Parked,
}

/// Applies the events of one instance.
#[async_trait]
pub(crate) trait EventHandler<E>: Send + Sync + 'static {
    /// Adds to the batch what an event changes.
    ///
    /// # Errors
    /// Whatever keeps it from being applied: it is tried again.
    async fn apply(&self, batch: &mut Batch, event: &Verified<E>) -> Result<Handled>;
}

/// An event's ids, and what it is.
struct Named {
    id: String,
    name: String,
}

/// The events of one instance, whatever their type.
#[async_trait]
trait EventSource: Send + Sync + 'static {
    /// The ids of the events in a delivery, in their order.
    fn names(&self, delivery: &Delivery) -> Result<Vec<Named>>;

    /// Applies one event of a delivery; nothing if it holds none of that id.
    async fn apply(&self, batch: &mut Batch, delivery: &Delivery, id: &str) -> Result<Option<Handled>>;

    /// The tasks that do so.
    fn tasks(&self) -> &'static TaskKind;
}

/// A plugin with whoever handles its events.
struct Typed<E: InboundEvent> {
    inbound: Arc<GuardedInbound<E>>,
    handler: Arc<dyn EventHandler<E>>,
    tasks: &'static TaskKind,
}

#[async_trait]
impl<E: InboundEvent> EventSource for Typed<E> {
    fn names(&self, delivery: &Delivery) -> Result<Vec<Named>> {
        let events = self.inbound.split(delivery)?;
        let named = events.iter().enumerate().map(|(index, event)| Named {
            id: id_of(event.event(), delivery, index),
            name: event.event().name().to_owned(),
        });
        Ok(named.collect())
    }

    async fn apply(&self, batch: &mut Batch, delivery: &Delivery, id: &str) -> Result<Option<Handled>> {
        let events = self.inbound.split(delivery)?;
        let mut events = events.iter().enumerate();
        let found = events.find(|(index, event)| id_of(event.event(), delivery, *index) == id);
        match found {
            Some((_, event)) => self.handler.apply(batch, event).await.map(Some),
            None => Ok(None),
        }
    }

    fn tasks(&self) -> &'static TaskKind {
        self.tasks
    }
}

/// The vendor's id of an event. Where there is none, the content of the delivery and the place in it are one.
fn id_of(event: &impl InboundEvent, delivery: &Delivery, index: usize) -> String {
    match event.id() {
        "" => format!("{}:{index}", content(delivery)),
        id => id.to_owned(),
    }
}

text!(
    /// What an event is called in the inbox.
    EventKey, "id", "083a543e213968764599e41d91e28c4c5bf232d754bc397db17810668540fefd", in "^[0-9a-f]{64}$", |text| {
        let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 64 && text.bytes().all(hexadecimal) {
            Ok(text.to_owned())
        } else {
            Err("the id of an event, as lists show it, is expected")
        }
    }
);

/// What an event is called in the inbox.
pub(crate) fn event_key(keyring: &Keyring, port: &str, instance: &str, id: &str) -> Result<String> {
    keyring.pseudonym("inbox-event", &[port, instance, id])
}

/// What a delivery is called that holds no event with an id.
fn content(delivery: &Delivery) -> String {
    let digest = Sha256::new()
        .chain_update(delivery.query())
        .chain_update([0])
        .chain_update(delivery.body())
        .finalize();
    format!("content:{}", data_encoding::HEXLOWER.encode(&digest))
}

type Sources = RwLock<BTreeMap<(&'static str, String), Arc<dyn EventSource>>>;

/// Everything that vendors post.
#[derive(Clone)]
pub struct Inbox {
    context: Arc<Context>,
    tasks: Tasks,
    sources: Arc<Sources>,
}

impl Inbox {
    pub(crate) fn new(context: &Arc<Context>, tasks: &Tasks) -> Self {
        Self {
            context: Arc::clone(context),
            tasks: tasks.clone(),
            sources: Arc::default(),
        }
    }

    /// Hands the events of a connection to `handler`. Each step of verifying is held to `limit`.
    pub(crate) fn register<P: Port, E: InboundEvent>(
        &self,
        webhooks: &mut Webhooks,
        connection: &Connection<P>,
        inbound: &Arc<dyn InboundPlugin<Event = E>>,
        tasks: &'static TaskKind,
        limit: Duration,
        handler: impl EventHandler<E>,
    ) {
        let instance = connection.instance.as_str();
        let guards = &self.context.guards;
        let inbound = Arc::new(GuardedInbound::new(guards, instance, Arc::clone(inbound), limit));
        let source = Arc::new(Typed {
            inbound: Arc::clone(&inbound),
            handler: Arc::new(handler),
            tasks,
        });
        let mut sources = self.sources.write().unwrap_or_else(PoisonError::into_inner);
        sources.insert((P::NAME, instance.to_owned()), source.clone());
        let receiving = receive::Receiving {
            inbox: self.clone(),
            port: P::NAME,
            instance: instance.to_owned(),
            inbound,
            source,
        };
        webhooks.register(connection, receiving);
    }

    fn source(&self, port: &str, instance: &str) -> Option<Arc<dyn EventSource>> {
        let sources = self.sources.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = sources.iter();
        found
            .find(|((of, named), _)| *of == port && named == instance)
            .map(|(_, source)| Arc::clone(source))
    }

    fn key(&self, port: &str, instance: &str, id: &str) -> Result<String> {
        event_key(&self.context.keyring, port, instance, id)
    }
}

fn count(port: &str, instance: &str, state: EventState) {
    metrics::counter!(meters::EVENTS.name,
        "port" => port.to_owned(), "instance" => instance.to_owned(), "state" => state.as_str())
    .increment(1);
}
