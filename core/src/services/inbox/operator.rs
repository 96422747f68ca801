//! What an operator sees and does: events by state, one event, another try.

use portcullis_ports::inbound::Proof;
use portcullis_ports::{Result, Timestamp};

use super::apply::change;
use super::records::{Event, EventState, Line};
use super::{DELIVERY_EXPIRED, EVENT_NOT_FOUND, EventKey, Inbox, meters};
use crate::foundation::table::{Batch, set_aside_unreadable};

/// The most events of a state that are listed or counted.
const MOST: usize = 1_000;

/// What an operator may know of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventView {
    /// What it is called here.
    pub key: EventKey,
    /// The section of the configuration whose plugin it came to.
    pub port: String,
    /// The instance of the plugin.
    pub instance: String,
    /// The vendor's id.
    pub id: String,
    /// What it is, in the vendor's words.
    pub name: String,
    /// Where it stands.
    pub state: EventState,
    /// When it arrived first.
    pub received_at: Timestamp,
    /// How its delivery was authenticated.
    pub proof: Proof,
    /// When its state was decided last.
    pub decided_at: Option<Timestamp>,
    /// Why it could not be applied.
    pub failure: Option<String>,
    /// Whether it can be tried again: its delivery is still kept.
    pub replayable: bool,
}

impl Inbox {
    /// The events in a state, newest first, at most 1,000 of the last 30 days. Events that wait, or changed what they were
    /// about, are not listed.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn list(&self, state: EventState) -> Result<Vec<EventView>> {
        let lines = self.context.table::<Line>();
        let page = lines.page_newest_first(state.as_str(), Line::RANGE, MOST, None);
        let mut views = Vec::new();
        for line in page.await?.0 {
            let events = self.context.table::<Event>();
            let found = set_aside_unreadable(events.find(&line.event, Event::SORT).await)?;
            // It may have gone on between the two reads.
            if let Some(event) = found.filter(|event| event.state == state) {
                views.push(self.view(event.value));
            }
        }
        Ok(views)
    }

    /// One event, by the vendor's id.
    ///
    /// # Errors
    /// `event-not-found`.
    pub async fn event(&self, port: &str, instance: &str, id: &str) -> Result<EventView> {
        let key = self.key(port, instance, id)?;
        let found = self.context.table::<Event>().find(&key, Event::SORT).await?;
        let found = found.ok_or_else(|| EVENT_NOT_FOUND.error())?;
        Ok(self.view(found.value))
    }

    /// Has a delivery taken apart anew by the plugin of today, and the event applied again, in whatever state it is. Events
    /// that the plugin did not find in it before are applied as well.
    ///
    /// # Errors
    /// `event-not-found`; `delivery-expired`; `webhook-unreadable` if the plugin cannot read the delivery.
    pub async fn replay(&self, port: &str, instance: &str, id: &str) -> Result<()> {
        let key = self.key(port, instance, id)?;
        let events = self.context.table::<Event>();
        let unknown = || EVENT_NOT_FOUND.error();
        let found = events.find(&key, Event::SORT).await?.ok_or_else(unknown)?;
        let source = self.source(port, instance).ok_or_else(unknown)?;
        let delivery = self.delivery(&found).await?;
        let delivery = delivery.ok_or_else(|| DELIVERY_EXPIRED.error())?;
        let names = source.names(&delivery)?;
        let is_there = names.iter().any(|name| name.id == id);
        let state = EventState::Stored;
        let mut new = self.unknown(port, instance, &delivery, names, state).await?;
        for event in &mut new {
            event.delivery.clone_from(&found.delivery);
        }
        if !is_there && new.is_empty() {
            return Err(EVENT_NOT_FOUND.with_detail("The plugin finds no such event in the delivery."));
        }
        self.store_events(source.as_ref(), None, &new).await?;
        self.context.retried(|| self.again(&key, is_there)).await
    }

    /// Has an event applied again; one that its plugin finds no more is superseded by those that it finds.
    async fn again(&self, key: &str, is_there: bool) -> Result<()> {
        let now = self.context.now();
        let event = self.context.table::<Event>().find(key, Event::SORT).await?;
        let event = event.ok_or_else(|| EVENT_NOT_FOUND.error())?;
        let source = self.source(&event.port, &event.instance);
        let source = source.ok_or_else(|| EVENT_NOT_FOUND.error())?;
        let mut batch = Batch::default();
        let next = Event {
            state: if is_there {
                EventState::Stored
            } else {
                EventState::Unchanged
            },
            failure: None,
            parked_since: None,
            ..event.value.clone()
        };
        change(&mut batch, &event, &next)?;
        let (kind, key) = (source.tasks(), &event.key);
        if is_there && !self.tasks.move_in(&mut batch, kind, key, now).await? {
            self.tasks.plan(&mut batch, kind, key, now, key).await?;
        }
        self.context.commit(batch).await
    }

    /// Sets the gauges of the lists.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn measure(&self) -> Result<()> {
        for state in EventState::LISTED {
            let lines = self.context.table::<Line>();
            let (page, _) = lines.page(state.as_str(), Line::RANGE, MOST, None).await?;
            #[expect(clippy::cast_precision_loss, reason = "at most 1,000")]
            metrics::gauge!(meters::LISTED.name, "state" => state.as_str()).set(page.len() as f64);
        }
        Ok(())
    }

    pub(super) fn view(&self, event: Event) -> EventView {
        let replayable = self.context.now() < event.received_at + super::KEPT;
        EventView {
            key: EventKey(event.key),
            port: event.port,
            instance: event.instance,
            id: event.id,
            name: event.name,
            state: event.state,
            received_at: event.received_at,
            proof: event.proof,
            decided_at: event.decided_at,
            failure: event.failure,
            replayable,
        }
    }
}
