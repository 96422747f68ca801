//! How it is stored what somebody is entitled to.

use std::collections::BTreeMap;

use portcullis_ports::identity::Subject;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::model::{Grant, SubscriptionId};
use crate::foundation::table::Stored;

/// What people are entitled to.
pub(super) const ENTITLEMENTS: Collection = Collection {
    name: "entitlements",
    table: "subscriptions",
    variable: "SUBSCRIPTIONS_TABLE_NAME",
};

/// What the live subscriptions of one person grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Granted {
    pub(super) subject: Subject,
    pub(super) grants: BTreeMap<SubscriptionId, Grant>,
}

impl Granted {
    pub(super) const SORT: &'static str = "entitlements";

    pub(super) fn none(subject: &Subject) -> Self {
        Self {
            subject: subject.clone(),
            grants: BTreeMap::new(),
        }
    }
}

impl Stored for Granted {
    const COLLECTION: Collection = ENTITLEMENTS;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::SORT.into())
    }
}
