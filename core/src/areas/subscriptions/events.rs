//! What stands in histories.

use super::records::SubscriptionRecord;
use crate::foundation::event_kind::EventKind;
use crate::foundation::source::Source;
use crate::services::audit::{Event, EventOutcome};

/// All of it.
pub(super) const ALL: &[EventKind] = &[CREATED, STATUS, CHANGED, METHOD, CANCELED_BY_OPERATOR, LISTED];

pub(super) const CREATED: EventKind =
    EventKind::new("subscription_create", "The account subscribed to a plan.");
pub(super) const STATUS: EventKind = EventKind::new(
    "subscription_status",
    "A subscription began, rests, is not paid, or is over.",
);
pub(super) const CHANGED: EventKind =
    EventKind::new("subscription_change", "A subscription goes on with another plan.");
pub(super) const METHOD: EventKind = EventKind::new(
    "subscription_method",
    "A subscription is paid with another payment method.",
);
pub(super) const CANCELED_BY_OPERATOR: EventKind = EventKind::new(
    "operator_subscription_cancel",
    "An operator cancelled the subscription of a customer.",
);
pub(super) const LISTED: EventKind = EventKind::new(
    "operator_subscriptions_read",
    "An operator looked at the subscriptions of a customer.",
);

/// There is a subscription that there was not.
pub(super) fn created<'a>(
    record: &SubscriptionRecord,
    outcome: EventOutcome,
    source: &'a Source,
) -> Event<'a> {
    Event::new(CREATED, outcome, source)
        .with("subscription", &record.id)
        .with("plan", &record.terms.plan)
        .with("amount", record.terms.amount)
        .with("status", record.status.as_str())
}
