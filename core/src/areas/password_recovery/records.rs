//! How recoveries are stored: under the hash of a handle that only the client holds, and in a queue of mails to be sent.

use portcullis_ports::Timestamp;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use crate::foundation::device_proof::DeviceProof;
use crate::foundation::table::Stored;
use crate::foundation::texts::PreferredLanguages;
use crate::services::epochs::EpochId;

/// Recoveries that wait for their code.
pub(crate) const PASSWORD_RECOVERIES: Collection = Collection {
    name: "password_recoveries",
    table: "password_recoveries",
    variable: "PASSWORD_RECOVERIES_TABLE_NAME",
};
/// Recoveries whose mail was not sent yet.
pub(crate) const PASSWORD_RECOVERY_QUEUE: Collection = Collection {
    name: "password_recovery_queue",
    table: "password_recovery_queue",
    variable: "PASSWORD_RECOVERY_QUEUE_TABLE_NAME",
};

/// One recovery. Addresses without an account have one as well, whose code nobody knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Recovery {
    /// SHA-256 of the handle.
    pub(super) id_hash: String,
    pub(super) email: EmailAddress,
    /// A keyed hash of the code, bound to this record; absent until a mail was queued.
    pub(super) mac: Option<String>,
    /// Codes that were compared and not right, counted before the comparison.
    pub(super) attempts: u32,
    /// When the code was proven: from then on the factors of the account are told and asked for.
    pub(super) proven_at: Option<Timestamp>,
    /// The epoch of everybody in which it was started: it ends with that, and with nothing that ends sessions.
    #[serde(default)]
    pub(super) epoch: EpochId,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl Recovery {
    pub(super) const SORT: &'static str = "recovery";
}

impl Stored for Recovery {
    const COLLECTION: Collection = PASSWORD_RECOVERIES;

    fn key(&self) -> (String, String) {
        (self.id_hash.clone(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// A mail to be sent if the address has an account. Nothing looks whether it has one before the request is answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Requested {
    pub(super) id_hash: String,
    /// From where, for the history of the account.
    pub(super) ip: String,
    pub(super) user_agent: String,
    /// What the request showed of its device, by hashes.
    #[serde(default)]
    pub(super) devices: Vec<DeviceProof>,
    #[serde(default, skip_serializing_if = "PreferredLanguages::are_none")]
    pub(super) languages: PreferredLanguages,
    pub(super) at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl Requested {
    /// The one partition of the queue.
    pub(super) const PARTITION: &'static str = "requested";

    pub(super) fn sort(&self) -> String {
        format!("{:015}.{}", self.at.millis().max(0), self.id_hash)
    }
}

impl Stored for Requested {
    const COLLECTION: Collection = PASSWORD_RECOVERY_QUEUE;

    fn key(&self) -> (String, String) {
        (Self::PARTITION.into(), self.sort())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
