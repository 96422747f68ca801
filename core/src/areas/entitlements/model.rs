//! What a subscription grants.

use portcullis_ports::Timestamp;
use serde::{Deserialize, Serialize};

use crate::areas::plans::{Entitlements, PlanId};

pub use portcullis_ports::id::SubscriptionId;

/// Whether what a subscription entitles to counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Access {
    /// It does.
    Granted,
    /// It does until then, whether or not anybody writes down that it has ended.
    Until(Timestamp),
    /// It does not: it is not paid yet, or not any more, or it is paused.
    Withheld,
}

/// What a subscription that has not ended grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) plan: PlanId,
    pub(crate) access: Access,
    pub(crate) entitlements: Entitlements,
}

impl Grant {
    /// Whether it counts at a moment.
    pub(super) fn counts(&self, now: Timestamp) -> bool {
        match self.access {
            Access::Granted => true,
            Access::Until(end) => now < end,
            Access::Withheld => false,
        }
    }
}
