//! A delivery on its way in: verified, stored with its events and their tasks, then answered.

use std::sync::Arc;

use async_trait::async_trait;
use portcullis_ports::id;
use portcullis_ports::inbound::{Delivery, InboundEvent, WebhookRequest};
use portcullis_ports::keys::MAX_PLAIN;
use portcullis_ports::storage::STORE_CONFLICT;
use portcullis_ports::{Error, Kind, Result};
use zeroize::Zeroizing;

use super::records::{Event, EventState, RawDelivery};
use super::{EventSource, Inbox, KEPT, Named, content, count, meters};
use crate::foundation::guard::{GuardedInbound, WEBHOOK_UNAVAILABLE};
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::webhooks::WebhookHandler;

/// What a delivery without any event is called.
const NO_EVENT: &str = "no event";
/// What the ids of deliveries begin with.
const PREFIX: &str = "whk";
/// The most events of one delivery that one commit stores: three writes each, within the hundred of a commit.
const CHUNK: usize = 30;

/// The webhook of one instance.
pub(super) struct Receiving<E: InboundEvent> {
    pub(super) inbox: Inbox,
    pub(super) port: &'static str,
    pub(super) instance: String,
    pub(super) inbound: Arc<GuardedInbound<E>>,
    pub(super) source: Arc<dyn EventSource>,
}

#[async_trait]
impl<E: InboundEvent> WebhookHandler for Receiving<E> {
    async fn receive(&self, request: &WebhookRequest<'_>, source: &Source) -> Result<()> {
        let delivery = self.inbound.verify(request, &source.network()).await?;
        let names = self.source.names(&delivery)?;
        let (port, source) = (self.port, self.source.as_ref());
        let stored = self.inbox.store(port, &self.instance, source, &delivery, names);
        stored.await.map_err(unavailable)?;
        self.inbound.handshake(&delivery).await
    }
}

/// What cannot be stored now must be delivered again, whatever stood in the way.
fn unavailable(error: Error) -> Error {
    if error.kind() == Kind::Unavailable || error.code() == STORE_CONFLICT {
        return WEBHOOK_UNAVAILABLE
            .error()
            .with_context("why", error.code().name())
            .with_source(error);
    }
    error
}

impl Inbox {
    /// Stores what is new of a delivery.
    async fn store(
        &self,
        port: &str,
        instance: &str,
        source: &dyn EventSource,
        delivery: &Delivery,
        mut names: Vec<Named>,
    ) -> Result<()> {
        let mut state = EventState::Stored;
        if names.is_empty() {
            // A newer program may find something in it.
            state = EventState::Ignored;
            names.push(Named {
                id: content(delivery),
                name: NO_EVENT.to_owned(),
            });
        }
        let mut new = self.unknown(port, instance, delivery, names, state).await?;
        if new.is_empty() {
            return Ok(());
        }
        let raw = self.seal(port, instance, delivery).await?;
        for event in &mut new {
            event.delivery.clone_from(&raw.id);
        }
        self.store_events(source, Some(&raw), &new).await
    }

    /// The events among these that are not known yet. They name no delivery.
    pub(super) async fn unknown(
        &self,
        port: &str,
        instance: &str,
        delivery: &Delivery,
        names: Vec<Named>,
        state: EventState,
    ) -> Result<Vec<Event>> {
        let mut new: Vec<Event> = Vec::new();
        for Named { id, name } in names {
            let key = self.key(port, instance, &id)?;
            let known = self.context.table::<Event>().find(&key, Event::SORT).await?;
            if known.is_some() || new.iter().any(|other| other.key == key) {
                metrics::counter!(meters::REPEATED.name,
                    "port" => port.to_owned(), "instance" => instance.to_owned())
                .increment(1);
                continue;
            }
            new.push(Event {
                key,
                port: port.to_owned(),
                instance: instance.to_owned(),
                id,
                name,
                state,
                delivery: String::new(),
                received_at: delivery.received_at(),
                proof: delivery.proof(),
                decided_at: None,
                parked_since: None,
                failure: None,
            });
        }
        Ok(new)
    }

    /// Stores events, and their delivery with the first of them that nobody else stored.
    pub(super) async fn store_events(
        &self,
        source: &dyn EventSource,
        raw: Option<&RawDelivery>,
        events: &[Event],
    ) -> Result<()> {
        let mut raw = raw;
        for chunk in events.chunks(CHUNK) {
            let stored = self
                .context
                .retried(|| self.store_chunk(source, raw, chunk))
                .await?;
            if stored {
                raw = None;
            }
        }
        Ok(())
    }

    /// Whether anything of it was new, and the delivery is stored with it.
    async fn store_chunk(
        &self,
        source: &dyn EventSource,
        raw: Option<&RawDelivery>,
        events: &[Event],
    ) -> Result<bool> {
        let mut batch = Batch::default();
        if let Some(raw) = raw {
            batch.insert(raw)?;
        }
        let mut stored = Vec::new();
        for event in events {
            // Another copy of the same delivery may have been faster.
            let events = self.context.table::<Event>();
            if events.find(&event.key, Event::SORT).await?.is_some() {
                continue;
            }
            batch.insert(event)?;
            if event.state == EventState::Stored {
                let now = self.context.now();
                self.tasks
                    .plan(&mut batch, source.tasks(), &event.key, now, &event.key)
                    .await?;
            }
            if let Some(line) = event.line(event.received_at + KEPT) {
                batch.insert(&line)?;
            }
            stored.push(event);
        }
        if stored.is_empty() {
            return Ok(false);
        }
        self.context.commit(batch).await?;
        for event in stored {
            count(&event.port, &event.instance, event.state);
        }
        Ok(true)
    }

    async fn seal(&self, port: &str, instance: &str, delivery: &Delivery) -> Result<RawDelivery> {
        let now = self.context.now();
        let id = id::time_ordered(PREFIX, now, self.context.entropy.as_ref())?;
        let bytes = Zeroizing::new(delivery.to_bytes()?);
        let mut sealed = Vec::new();
        for (part, bytes) in bytes.chunks(MAX_PLAIN).enumerate() {
            let context = RawDelivery::context(port, instance, &id, part);
            sealed.push(self.context.keys.seal(bytes, &context).await?);
        }
        Ok(RawDelivery {
            sealed,
            id,
            port: port.to_owned(),
            instance: instance.to_owned(),
            until: delivery.received_at() + KEPT,
        })
    }

    /// The delivery of an event; nothing if it is not kept any more.
    pub(super) async fn delivery(&self, event: &Event) -> Result<Option<Delivery>> {
        let raw = self.context.table::<RawDelivery>();
        let Some(raw) = raw.find(&event.delivery, RawDelivery::SORT).await? else {
            return Ok(None);
        };
        let mut bytes = Zeroizing::new(Vec::new());
        for (part, sealed) in raw.sealed.iter().enumerate() {
            let context = RawDelivery::context(&raw.port, &raw.instance, &raw.id, part);
            bytes.extend_from_slice(&self.context.keys.open(sealed, &context).await?);
        }
        Delivery::from_bytes(&bytes).map(Some)
    }
}
