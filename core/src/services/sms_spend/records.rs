//! How the costs of a day are counted.

use portcullis_ports::Timestamp;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use crate::foundation::table::Stored;

/// Costs by day: in total, by prefix, by number.
pub(crate) const SMS_SPEND: Collection = Collection {
    name: "sms_spend",
    table: "sms_spend",
    variable: "SMS_SPEND_TABLE_NAME",
};

/// One sum of one day.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Spent {
    pub(super) partition: String,
    pub(super) sort: String,
    /// In ten-thousandths of the currency.
    pub(super) units: u64,
    pub(super) until: Timestamp,
}

impl Spent {
    /// Sort key of the sum of a day.
    pub(super) const TOTAL: &'static str = "total";
    /// What the partitions of sums begin with that leave the reserve for sign-ins alone.
    pub(super) const UNRESERVED: &'static str = "unreserved:";
    /// What the sort keys of sums by prefix begin with.
    pub(super) const PREFIX: &'static str = "prefix:";
}

impl Stored for Spent {
    const COLLECTION: Collection = SMS_SPEND;

    fn key(&self) -> (String, String) {
        (self.partition.clone(), self.sort.clone())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}
