//! How stored methods and customers lie in the store: one record each per person, so that limits hold in every commit.

use std::collections::BTreeMap;
use std::net::IpAddr;

use portcullis_ports::Timestamp;
use portcullis_ports::id::SetupId;
use portcullis_ports::identity::Subject;
use portcullis_ports::payments::{MethodKind, MethodRef, MicrodepositKind, StoredMethod, Terms, VendorRef};
use portcullis_ports::storage::Collection;
use serde::{Deserialize, Serialize};

use super::model::{DeadReason, PaymentMethodId, SetupState};
use crate::foundation::table::Stored;

/// The customers of vendors, by person.
pub(crate) const BILLING_CUSTOMERS: Collection = Collection {
    name: "billing_customers",
    table: "billing_customers",
    variable: "BILLING_CUSTOMERS_TABLE_NAME",
};
/// Stored methods, by person.
pub(crate) const PAYMENT_METHODS: Collection = Collection {
    name: "payment_methods",
    table: "payment_methods",
    variable: "PAYMENT_METHODS_TABLE_NAME",
};
/// Whose a name of a vendor is, or a setup.
pub(crate) const PAYMENT_METHOD_NAMES: Collection = Collection {
    name: "payment_method_names",
    table: "payment_methods",
    variable: "PAYMENT_METHODS_TABLE_NAME",
};

/// The account at a vendor that something belongs to. What belongs to another one does not exist here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct VendorAccount {
    /// Whether it moves real money.
    pub(super) live: bool,
    /// Its name, where the vendor tells it.
    pub(super) account: Option<VendorRef>,
}

impl VendorAccount {
    pub(super) fn of(terms: &Terms) -> Self {
        Self {
            live: terms.live,
            account: terms.account.clone(),
        }
    }

    /// Whether it is the same. An account whose name is not known is the one that is.
    pub(super) fn is(&self, live: bool, account: Option<&VendorRef>) -> bool {
        let differs = matches!((&self.account, account), (Some(one), Some(other)) if one != other);
        self.live == live && !differs
    }

    pub(super) fn matches(&self, other: &Self) -> bool {
        self.is(other.live, other.account.as_ref())
    }
}

/// The customers of one person at all vendors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BillingCustomers {
    pub(super) subject: Subject,
    /// By instance.
    pub(super) vendors: BTreeMap<String, VendorCustomers>,
}

/// The customers of one person at one instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct VendorCustomers {
    /// Part of the idempotency key under which the next one is made.
    pub(super) generation: u32,
    /// How often in a row the vendor gave no answer to that key.
    pub(super) unanswered: u8,
    /// One for each account.
    pub(super) made: Vec<VendorCustomer>,
}

/// One customer at a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct VendorCustomer {
    #[serde(flatten)]
    pub(super) account: VendorAccount,
    pub(super) theirs: VendorRef,
    pub(super) made_at: Timestamp,
}

impl BillingCustomers {
    pub(super) const SORT: &'static str = "customer";

    pub(super) fn none(subject: &Subject) -> Self {
        Self {
            subject: subject.clone(),
            vendors: BTreeMap::new(),
        }
    }
}

impl Stored for BillingCustomers {
    const COLLECTION: Collection = BILLING_CUSTOMERS;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::SORT.into())
    }
}

/// A stored method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Method {
    pub(super) id: PaymentMethodId,
    pub(super) instance: String,
    #[serde(flatten)]
    pub(super) account: VendorAccount,
    pub(super) stored: StoredMethod,
    pub(super) priority: u32,
    /// Why it cannot be charged any more, if a vendor said so.
    pub(super) dead: Option<DeadReason>,
    pub(super) stored_at: Timestamp,
}

/// A stored method as it was read.
pub(crate) struct NamedMethod(pub(super) Method);

impl NamedMethod {
    /// The vendor that keeps it.
    pub(crate) fn instance(&self) -> &str {
        &self.0.instance
    }
}

/// A method that is gone here, and that the vendor still has to forget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Forgetting {
    pub(super) id: PaymentMethodId,
    pub(super) instance: String,
    #[serde(flatten)]
    pub(super) account: VendorAccount,
    pub(super) reference: MethodRef,
    pub(super) since: Timestamp,
}

/// Deposits that the payer tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Deposits {
    pub(super) kind: MicrodepositKind,
    pub(super) arrives: Timestamp,
}

/// The adding of a method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Setup {
    pub(super) id: SetupId,
    pub(super) instance: String,
    #[serde(flatten)]
    pub(super) account: VendorAccount,
    /// Whose method it must become at the vendor.
    pub(super) customer: Option<VendorRef>,
    pub(super) kinds: Vec<MethodKind>,
    /// From where it was begun: part of what is sent, so that a repeat is the same.
    pub(super) ip: IpAddr,
    pub(super) theirs: Option<VendorRef>,
    pub(super) state: SetupState,
    /// The number in the idempotency key of the beginning.
    pub(super) number: u32,
    /// How often in a row the vendor gave no answer to that key.
    pub(super) unanswered: u8,
    /// How often something was told to prove it: the number in the keys of those calls.
    pub(super) proofs: u32,
    pub(super) deposits: Option<Deposits>,
    pub(super) method: Option<PaymentMethodId>,
    pub(super) begun_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// All that one person stored, is about to store, and removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CustomerMethods {
    pub(super) subject: Subject,
    pub(super) default: Option<PaymentMethodId>,
    pub(super) methods: Vec<Method>,
    pub(super) forgetting: Vec<Forgetting>,
    pub(super) setups: Vec<Setup>,
}

impl CustomerMethods {
    pub(super) const SORT: &'static str = "methods";

    pub(super) fn none(subject: &Subject) -> Self {
        Self {
            subject: subject.clone(),
            default: None,
            methods: Vec::new(),
            forgetting: Vec::new(),
            setups: Vec::new(),
        }
    }
}

impl Stored for CustomerMethods {
    const COLLECTION: Collection = PAYMENT_METHODS;

    fn key(&self) -> (String, String) {
        (self.subject.to_string(), Self::SORT.into())
    }
}

/// Whose something is that a vendor names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MethodName {
    /// A code over the kind of thing, the instance and the vendor's name.
    pub(super) name: String,
    pub(super) subject: Subject,
    /// Until when it is needed, where that is known.
    pub(super) until: Option<Timestamp>,
}

impl MethodName {
    pub(super) const SORT: &'static str = "name";
}

impl Stored for MethodName {
    const COLLECTION: Collection = PAYMENT_METHOD_NAMES;

    fn key(&self) -> (String, String) {
        (self.name.clone(), Self::SORT.into())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.until
    }
}
