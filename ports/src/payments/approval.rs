//! What follows after the payer acted at the vendor.

use async_trait::async_trait;

use super::charge::Capture;
use super::handed::Handed;
use super::method::MethodRef;
use super::names::{AttemptId, CallKey, Tag, VendorRef};
use super::provider::ChargeOutcome;
use crate::money::Amount;

/// The payer came back, or the vendor says that the payer has approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// Our name for the attempt.
    pub id: AttemptId,
    /// The idempotency key of this step; at some vendors it moves the money.
    pub key: CallKey,
    /// Whether this very step may have been asked for before.
    pub resend: bool,
    /// The vendor's name for the payment, order or page; absent where the vendor has not named it yet.
    pub payment: Option<VendorRef>,
    /// What was ordered.
    pub amount: Amount,
    /// When the money is taken.
    pub capture: Capture,
    /// The stored method that was ordered to be charged, if it was one.
    pub method: Option<MethodRef>,
    /// Given back unchanged with pictures, as with the order.
    pub tag: Tag,
    /// What the vendor's part in the browser handed over; empty where it hands over nothing, and whenever the step is asked
    /// for again.
    pub handed: Handed,
}

/// A payment that waits for its payer is called off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Our name for the attempt.
    pub id: AttemptId,
    /// The idempotency key of this call.
    pub key: CallKey,
    /// The vendor's name for the payment, order or page; absent where the vendor has not named it yet.
    pub payment: Option<VendorRef>,
    /// What was ordered: some vendors drop what nobody paid, and then show nothing of it.
    pub amount: Amount,
}

/// Ends what began with a payer's action, one way or the other.
#[async_trait]
pub trait Approval: Send + Sync + 'static {
    /// Goes on after the payer acted. Twice, or at the same time, it moves money once.
    async fn complete(&self, back: &Return) -> ChargeOutcome;

    /// Calls it off, so that it can no longer be paid. `Done` with a canceled picture; with a succeeded one if the payer was
    /// faster. Where the vendor has no means to close a page, nothing more is expected of it all the same: who pays there
    /// later pays late.
    async fn withdraw(&self, withdrawal: &Withdrawal) -> ChargeOutcome;
}
