//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[DRAFTED, ISSUED, PAID, VOIDED, GIVEN_UP];

pub(super) const DRAFTED: EventKind = EventKind::new("invoice_drafted", "An operator drafted an invoice.");
pub(super) const ISSUED: EventKind = EventKind::new("invoice_issued", "An invoice was issued.");
pub(super) const PAID: EventKind = EventKind::new("invoice_paid", "Nothing of an invoice is owed any more.");
pub(super) const VOIDED: EventKind = EventKind::new("invoice_voided", "An operator took an invoice back.");
pub(super) const GIVEN_UP: EventKind =
    EventKind::new("invoice_uncollectible", "An operator gave an invoice up.");
