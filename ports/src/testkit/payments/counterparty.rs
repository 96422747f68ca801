//! Everybody but us: the payer, the bank and the vendor's own desk, as a vendor's stand-in plays them.

use std::net::{IpAddr, Ipv4Addr};

use crate::id::{PaymentId, RefundId};
use crate::money::Money;
use crate::payments::{DisputeKind, Handed, MethodRef, SubscriptionSnapshot, VendorRef};
use crate::simulation::Posted;

/// What happens when a stored method is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// The money is taken.
    Succeeds,
    /// Refused; later may help.
    InsufficientFunds,
    /// Refused for good.
    Stolen,
    /// The payer has to confirm.
    Authenticates,
    /// A bank debit, decided later.
    BankDebit,
}

/// What somebody else does.
#[derive(Debug, Clone, Copy)]
pub enum Deed<'a> {
    /// The payer does what a payment waits for.
    Pays(&'a VendorRef),
    /// The payer tries, and the bank refuses.
    IsRefused(&'a VendorRef),
    /// A bank debit is taken.
    Settles(&'a VendorRef),
    /// A bank debit is refused.
    Bounces(&'a VendorRef),
    /// A payment that failed succeeds after all.
    SucceedsLate(&'a VendorRef),
    /// A refund that had succeeded comes back.
    RefundFails(&'a VendorRef),
    /// The vendor's desk gives money back.
    RefundsThere(&'a VendorRef, Money),
    /// The payer contests a payment.
    Disputes(&'a VendorRef, DisputeKind),
    /// The bank decides a dispute, for us or for the payer.
    Decides(&'a VendorRef, bool),
    /// The payer enters a card for a setup.
    EntersCard(&'a VendorRef),
    /// The payer agrees to a subscription, and does what its picture says for that.
    Agrees(&'a SubscriptionSnapshot),
    /// The payer's bank refuses what is charged for a subscription from now on.
    RefusesCharges(&'a VendorRef),
    /// Somebody ends a subscription at the vendor.
    EndsThere(&'a VendorRef),
    /// The payer enters a bank account for a setup, which has to be proven by deposits.
    EntersBankAccount(&'a VendorRef),
}

/// What a vendor's stand-in does at a test's word, and what it knows without being asked over its interface.
pub trait Counterparty: Send + Sync {
    /// A method of this customer that behaves so; `None` if the vendor has no such methods.
    fn stored(&self, behaviour: Behaviour, customer: Option<&VendorRef>) -> Option<MethodRef>;

    /// Does it. `false` if that is not possible, or not with this vendor.
    fn does(&self, deed: Deed<'_>) -> bool;

    /// What was taken for a payment of ours: a figure for each object of the vendor, those with nothing left out.
    fn captured(&self, payment: &PaymentId) -> Vec<i64>;

    /// What was given back under an id of ours: a figure for each object of the vendor.
    fn refunded(&self, refund: &RefundId) -> Vec<i64>;

    /// What was posted since the last time this was asked, oldest first; nothing where the vendor posts nothing.
    fn posted(&self) -> Vec<Posted>;

    /// The address that the vendor posts from.
    fn posts_from(&self) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, 1).into()
    }

    /// What the vendor's part in the browser hands to the page once the payer has entered a card for a setup.
    fn handed(&self, _setup: &VendorRef) -> Handed {
        Handed::default()
    }
}
