//! How accounts are stored: the account under its subject, and a claim under its address that keeps the address unique.

use portcullis_ports::Timestamp;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;
use portcullis_ports::passwords::PasswordHash;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use crate::foundation::input::Label;
use crate::foundation::table::Stored;

/// Codes that prove addresses.
pub(crate) const VERIFICATIONS: Collection = Collection {
    name: "verifications",
    table: "verifications",
    variable: "VERIFICATIONS_TABLE_NAME",
};

/// What the proof of an address leads to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Then {
    /// The account exists and its address becomes proven.
    Confirm(Subject),
    /// The account is made.
    Create {
        password: PasswordHash,
        display_name: Option<Label>,
    },
    /// Nothing: the address has an account that proved it, which only its owner is told, by mail. The password is
    /// compared as if an account waited to be made, or a sign-in would tell.
    Taken { password: PasswordHash },
}

/// One sign-up that waits for the proof of its address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Pending {
    /// Its public name.
    pub(super) id: String,
    /// A keyed hash of the newest code that its own client asked for, bound to address and name; none if there is none.
    pub(super) mac: Option<String>,
    /// The same of the newest code that somebody else asked for, beside which the former stays good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mac_for_others: Option<String>,
    pub(super) then: Then,
    /// A pseudonym of the network that asked.
    pub(super) network: String,
    pub(super) expires_at: Timestamp,
}

/// Everything that waits for the proof of one address, oldest first. What one asked for never replaces what another did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) email: EmailAddress,
    pub(super) pending: Vec<Pending>,
    pub(super) expires_at: Timestamp,
}

impl Waiting {
    pub(super) const SORT: &'static str = "waiting";
}

impl Stored for Waiting {
    const COLLECTION: Collection = VERIFICATIONS;

    fn key(&self) -> (String, String) {
        (self.email.to_string(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// At which address a sign-up waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct WaitsAt {
    pub(super) id: String,
    pub(super) email: EmailAddress,
    pub(super) expires_at: Timestamp,
}

impl WaitsAt {
    pub(super) const SORT: &'static str = "waits-at";
}

impl Stored for WaitsAt {
    const COLLECTION: Collection = VERIFICATIONS;

    fn key(&self) -> (String, String) {
        (self.id.clone(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
