//! Customers that the vendor keeps.

use async_trait::async_trait;

use super::decline::Decline;
use super::names::{CallKey, VendorRef};
use crate::outcome::Outcome;

/// A customer is made at the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerOrder {
    /// The idempotency key, made of who it is and not of the moment: a customer is made once.
    pub key: CallKey,
    /// A pseudonym of ours that the vendor keeps with the customer: no name, no address.
    pub ours: String,
    /// Where the vendor sends receipts, if it shall.
    pub email: Option<String>,
}

/// Makes and removes customers at the vendor. Methods are stored for a customer, and payments are found by it.
#[async_trait]
pub trait Customers: Send + Sync + 'static {
    /// Makes one.
    async fn create(&self, order: &CustomerOrder) -> Outcome<VendorRef, Decline>;

    /// Removes one and every method that is stored for it. `Done` also if it is not there. An order that names it from then on
    /// is declined with [`super::CUSTOMER_GONE`].
    async fn remove(&self, customer: &VendorRef) -> Outcome<(), Decline>;
}
