//! How plans and prices are stored.

use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::model::{Plan, PlanId, Price};
use crate::foundation::table::Stored;

/// Plans, and every price that they ever had.
pub(crate) const PLANS: Collection = Collection {
    name: "plans",
    table: "subscriptions",
    variable: "SUBSCRIPTIONS_TABLE_NAME",
};

/// A plan with the prices of today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct PlanRecord(pub(super) Plan);

impl PlanRecord {
    /// All plans lie side by side: there are few, and they are shown together.
    pub(super) const PARTITION: &'static str = "plans";
}

impl Stored for PlanRecord {
    const COLLECTION: Collection = PLANS;

    fn key(&self) -> (String, String) {
        (Self::PARTITION.into(), self.0.id.to_string())
    }
}

/// A price: written once, and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct PriceRecord(pub(super) Price);

impl PriceRecord {
    pub(super) fn partition(plan: &PlanId) -> String {
        format!("prices#{plan}")
    }
}

impl Stored for PriceRecord {
    const COLLECTION: Collection = PLANS;

    fn key(&self) -> (String, String) {
        (Self::partition(&self.0.plan), self.0.id.to_string())
    }
}
