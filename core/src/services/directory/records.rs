//! How accounts are stored: the account under its subject, and a claim under its address that keeps the address unique.

use portcullis_ports::Timestamp;
use portcullis_ports::contact::EmailAddress;
use portcullis_ports::identity::Subject;
use portcullis_ports::passwords::PasswordHash;
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use crate::foundation::input::Label;
use crate::foundation::table::Memory;
use crate::foundation::table::Stored;
use crate::foundation::texts::Language;

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

/// An account with e-mail address and password.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) subject: Subject,
    pub(crate) email: EmailAddress,
    pub(crate) email_verified_at: Option<Timestamp>,
    pub(crate) display_name: Option<Label>,
    pub(crate) password: PasswordHash,
    pub(crate) created_at: Timestamp,
    /// When a password recovery was last completed. Recoveries that were started before are void.
    #[serde(default)]
    pub(crate) recovered_at: Option<Timestamp>,
    /// The language of messages to it, as its owner asked for at sign-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<Language>,
}

impl Account {
    pub(crate) const SORT: &'static str = "account";
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
pub(crate) struct AddressClaim {
    pub(crate) email: EmailAddress,
    pub(crate) subject: Subject,
}

impl AddressClaim {
    pub(crate) const SORT: &'static str = "claim";
}

impl Stored for AddressClaim {
    const COLLECTION: Collection = ADDRESS_CLAIMS;

    fn key(&self) -> (String, String) {
        (self.email.to_string(), Self::SORT.into())
    }
}
