//! Stored payment methods, as far as anybody but the vendor may know them.

use serde::{Deserialize, Serialize};

use super::names::VendorRef;

/// The kind of a payment method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum MethodKind {
    /// A credit or debit card.
    Card,
    /// A direct debit from a bank account in the United States (ACH). It is decided within days, and may be returned later.
    UsBankDebit,
    /// A direct debit from a bank account in the euro zone (SEPA). It may be taken back by the payer within eight weeks.
    SepaDebit,
    /// A wallet, or an account at the vendor.
    Wallet,
    /// What the vendor calls a token and says nothing more about.
    Token,
}

impl MethodKind {
    /// Whether it is a direct debit, whose money is certain only days later.
    pub const fn is_bank_debit(self) -> bool {
        matches!(self, Self::UsBankDebit | Self::SepaDebit)
    }
}

/// Names a stored method at the vendor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MethodRef {
    /// The vendor's name for it.
    pub theirs: VendorRef,
    /// The vendor's customer it belongs to, where the vendor has customers.
    pub customer: Option<VendorRef>,
    /// Its kind; some vendors are asked differently for each.
    pub kind: MethodKind,
}

/// How often a method can be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reuse {
    /// Any number of times, also when the payer is absent.
    Many,
    /// Once.
    Once,
    /// Not at all: it was used up, or is only a picture of what was paid with.
    None,
}

/// The last month in which a card can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Expiry {
    /// The year, such as 2030.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
}

/// What may be known and shown of a method. Never a whole number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMethod {
    /// Its name at the vendor.
    pub reference: MethodRef,
    /// What it is called for people: the brand of a card, the name of a bank or wallet.
    pub label: String,
    /// The last four characters of its number.
    pub last4: Option<String>,
    /// When it expires, if it does.
    pub expires: Option<Expiry>,
    /// How often it can be charged.
    pub reuse: Reuse,
    /// The same for the same card or account, whoever stored it and however often.
    pub fingerprint: Option<String>,
    /// The mandate that allows debits in the payer's absence, where the kind needs one.
    pub mandate: Option<VendorRef>,
}

/// What became of a stored method at the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodState {
    /// It can be charged. Its label, last four or expiry may have changed.
    Usable,
    /// It was taken from its customer and cannot be charged again.
    Detached,
    /// Its mandate was withdrawn: it cannot be charged again in the payer's absence.
    MandateWithdrawn,
}
