//! Money that is held first, and taken or released later.

use async_trait::async_trait;

use super::names::{AttemptId, CallKey, VendorRef};
use super::provider::ChargeOutcome;
use crate::money::Amount;

/// Held money is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureOrder {
    /// Our name for the attempt.
    pub id: AttemptId,
    /// The idempotency key of this capture.
    pub key: CallKey,
    /// Whether this very order may have been sent before.
    pub resend: bool,
    /// The vendor's name for the payment.
    pub payment: VendorRef,
    /// How much; the rest is released. Not more than is held.
    pub amount: Amount,
}

/// Held money is released, or a payment that has not succeeded is called off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoidOrder {
    /// Our name for the attempt.
    pub id: AttemptId,
    /// The idempotency key of this call.
    pub key: CallKey,
    /// Whether this very order may have been sent before.
    pub resend: bool,
    /// The vendor's name for the payment.
    pub payment: VendorRef,
}

/// Captures and releases what was authorised with [`super::Capture::Later`].
#[async_trait]
pub trait Holds: Send + Sync + 'static {
    /// Takes it. Declined if more is asked for than is held, or if the authorisation has expired.
    async fn capture(&self, order: &CaptureOrder) -> ChargeOutcome;

    /// Releases it. A second time it is `Done` again.
    async fn void(&self, order: &VoidOrder) -> ChargeOutcome;
}
