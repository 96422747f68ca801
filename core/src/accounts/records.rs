//! How accounts are stored: the account under its subject, and a claim under its address that keeps the address unique.

use portcullis_ports::Timestamp;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;
use portcullis_ports::passwords::PasswordHash;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use crate::input::Label;
use crate::recall::Memory;
use crate::table::Stored;

/// Accounts.
pub(crate) const ACCOUNTS: Collection = Collection {
    name: "accounts",
    table: "accounts",
    variable: "ACCOUNTS_TABLE_NAME",
};
/// Which account an address belongs to.
pub(crate) const ADDRESS_CLAIMS: Collection = Collection {
    name: "address_claims",
    table: "address_claims",
    variable: "ADDRESS_CLAIMS_TABLE_NAME",
};
/// Codes that prove addresses.
pub(crate) const VERIFICATIONS: Collection = Collection {
    name: "verifications",
    table: "verifications",
    variable: "VERIFICATIONS_TABLE_NAME",
};

/// An account with e-mail address and password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) subject: Subject,
    pub(crate) email: EmailAddress,
    pub(crate) email_verified_at: Option<Timestamp>,
    pub(crate) display_name: Option<Label>,
    pub(crate) password: PasswordHash,
    pub(crate) created_at: Timestamp,
    /// Access tokens made before this moment are refused.
    pub(crate) tokens_valid_from: Timestamp,
    /// When a password recovery was last completed. Recoveries that were started before are void.
    #[serde(default)]
    pub(crate) recovered_at: Option<Timestamp>,
}

impl Account {
    pub(super) const SORT: &'static str = "account";
}

impl Stored for Account {
    const COLLECTION: Collection = ACCOUNTS;
    const MEMORY: Memory = Memory::Records;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::SORT.into())
    }
}

/// The claim of an account on an address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AddressClaim {
    pub(super) email: EmailAddress,
    pub(super) subject: Subject,
}

impl AddressClaim {
    pub(super) const SORT: &'static str = "claim";
}

impl Stored for AddressClaim {
    const COLLECTION: Collection = ADDRESS_CLAIMS;

    fn key(&self) -> (String, String) {
        (self.email.to_string(), Self::SORT.into())
    }
}

/// What a proven address leads to.
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
}

/// A code that was sent to prove an address. A newer one replaces it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Verification {
    pub(super) email: EmailAddress,
    /// A keyed hash bound to the address and this record.
    pub(super) mac: String,
    /// Binds the code to this record, so that an older code does not fit a newer record.
    pub(super) nonce: String,
    pub(super) then: Then,
    pub(super) expires_at: Timestamp,
}

impl Verification {
    pub(super) const SORT: &'static str = "verification";
}

impl Stored for Verification {
    const COLLECTION: Collection = VERIFICATIONS;

    fn key(&self) -> (String, String) {
        (self.email.to_string(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
