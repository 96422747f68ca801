//! What is counted and measured of events.

use crate::foundation::meter::Meter;

/// All of it.
pub(super) const ALL: &[Meter] = &[EVENTS, REPEATED, LISTED];

pub(super) const EVENTS: Meter = Meter::counter(
    "portcullis_inbox_events_total",
    "States that events of vendors went into, by port, instance and state: stored, applied, unchanged, foreign, ignored, \
     parked, unmatched or dead.",
);

pub(super) const REPEATED: Meter = Meter::counter(
    "portcullis_inbox_repeated_total",
    "Events that came again, by port and instance.",
);

pub(super) const LISTED: Meter = Meter::gauge(
    "portcullis_inbox_events",
    "Events of the last 30 days that are dead, unmatched, parked, foreign or ignored, by state, counted up to 1,000. Those \
     that wait are tasks.",
);
