//! What stands in histories.

use crate::foundation::event_kind::EventKind;

/// All of it.
pub(super) const ALL: &[EventKind] = &[
    CREATE,
    RENAME,
    ROTATE,
    REVOKE,
    REVOKE_ALL,
    IP_RULES,
    RULES,
    NEW_NETWORK,
    REFUSED,
];

pub(super) const CREATE: EventKind = EventKind::new("api_key_create", "An API key was made.");
pub(super) const RENAME: EventKind = EventKind::new("api_key_rename", "An API key has another label.");
pub(super) const ROTATE: EventKind = EventKind::new(
    "api_key_rotate",
    "An API key has a new secret. Those before it end at `overlap_until` at the latest.",
);
pub(super) const REVOKE: EventKind = EventKind::new("api_key_revoke", "An API key was revoked.");
pub(super) const REVOKE_ALL: EventKind = EventKind::new(
    "api_keys_revoke_all",
    "All API keys of the account were revoked, because it was closed.",
);
pub(super) const IP_RULES: EventKind = EventKind::new(
    "api_key_ip_rules_set",
    "An API key may be used from other networks than before: `allow` and `deny` say from which.",
);
pub(super) const RULES: EventKind = EventKind::new(
    "api_key_rules_set",
    "An API key has other scopes, or may be used more or less often: `scopes`, and the limits that its owner set.",
);
pub(super) const NEW_NETWORK: EventKind = EventKind::new(
    "api_key_new_network",
    "An API key was used from a network for the first time.",
);
pub(super) const REFUSED: EventKind = EventKind::new(
    "api_key_refused",
    "Whoever has an API key tried what it may not do, for the first time on that day: `reason` says what.",
);
