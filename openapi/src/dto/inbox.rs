//! Events of vendors on the wire: what they are and what became of them, without what was delivered.

use poem_openapi::Object;
use portcullis_core::cursor::{INVALID_CURSOR, SignedCursor};
use portcullis_core::inbox::{DELIVERY_EXPIRED, EVENT_NOT_FOUND, EventKey, EventPage, EventState, EventView};
use portcullis_core::step_up::STEP_UP_REQUIRED;
use portcullis_core::use_case::{Documented, Problems, UseCase};
use portcullis_ports::Timestamp;
use portcullis_ports::inbound::{Proof, UNREADABLE};
use serde::Serialize;

/// Something that a vendor told.
#[derive(Debug, Serialize, Object)]
pub(crate) struct InboxEvent {
    /// What it is called here.
    event_id: EventKey,
    /// The section of the configuration whose plugin it came to.
    port: String,
    /// The instance of the plugin.
    instance: String,
    /// The vendor's name of it.
    vendor_event: String,
    /// What it is, in the vendor's words.
    name: String,
    /// Where it stands.
    state: EventState,
    /// When it arrived first, in Unix seconds.
    received_at: i64,
    /// How its delivery was authenticated.
    proof: Proof,
    /// When its state was decided last, in Unix seconds.
    decided_at: Option<i64>,
    /// Why it could not be applied.
    failure: Option<String>,
    /// Whether it can be tried again: its delivery is still kept, sealed.
    replayable: bool,
}

impl From<EventView> for InboxEvent {
    fn from(event: EventView) -> Self {
        Self {
            event_id: event.key,
            port: event.port,
            instance: event.instance,
            vendor_event: event.id,
            name: event.name,
            state: event.state,
            received_at: event.received_at.seconds(),
            proof: event.proof,
            decided_at: event.decided_at.map(Timestamp::seconds),
            failure: event.failure,
            replayable: event.replayable,
        }
    }
}

impl Documented for InboxEvent {
    const EXAMPLE: &str = r#"{
  "event_id": "083a543e213968764599e41d91e28c4c5bf232d754bc397db17810668540fefd",
  "port": "payments",
  "instance": "main",
  "vendor_event": "evt_1PqTzR2eZvKYlo2C",
  "name": "charge.refunded",
  "state": "parked",
  "received_at": 1790000000,
  "proof": "signed",
  "decided_at": 1790000060,
  "failure": null,
  "replayable": true
}"#;
}

/// A page of what vendors told.
#[derive(Debug, Serialize, Object)]
pub(crate) struct InboxPage {
    /// Newest first.
    events: Vec<InboxEvent>,
    /// Send it back as `cursor` for the next page, which a filter may leave empty; null on the last one.
    next_cursor: Option<SignedCursor>,
}

impl From<EventPage> for InboxPage {
    fn from(page: EventPage) -> Self {
        Self {
            events: page.events.into_iter().map(InboxEvent::from).collect(),
            next_cursor: page.next,
        }
    }
}

impl Documented for InboxPage {
    const EXAMPLE: &str = r#"{
  "events": [
    {
      "event_id": "083a543e213968764599e41d91e28c4c5bf232d754bc397db17810668540fefd",
      "port": "payments",
      "instance": "main",
      "vendor_event": "evt_1PqTzR2eZvKYlo2C",
      "name": "charge.refunded",
      "state": "parked",
      "received_at": 1790000000,
      "proof": "signed",
      "decided_at": 1790000060,
      "failure": null,
      "replayable": true
    }
  ],
  "next_cursor": null
}"#;
}

/// Listing events.
pub(crate) struct ListEvents;

impl UseCase for ListEvents {
    const PROBLEMS: Problems = &[&[INVALID_CURSOR]];
}

/// Reading an event.
pub(crate) struct ReadEvent;

impl UseCase for ReadEvent {
    const PROBLEMS: Problems = &[&[EVENT_NOT_FOUND]];
}

/// Having an event applied again.
pub(crate) struct ReplayEvent;

impl UseCase for ReplayEvent {
    const PROBLEMS: Problems = &[&[STEP_UP_REQUIRED, EVENT_NOT_FOUND, DELIVERY_EXPIRED, UNREADABLE]];
}
