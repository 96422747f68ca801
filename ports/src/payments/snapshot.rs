//! The vendor's present picture of a payment and of a refund.

use serde::{Deserialize, Serialize};

use super::action::NextAction;
use super::decline::Failure;
use super::disputes::DisputeSnapshot;
use super::method::StoredMethod;
use super::names::{AttemptId, Tag, VendorRef};
use crate::clock::Timestamp;
use crate::id::RefundId;
use crate::money::Money;

/// Where a payment stands at the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum PaymentStatus {
    /// Somebody has to do what [`Snapshot::action`] says.
    RequiresAction,
    /// The vendor or a bank will decide; bank debits take days.
    Processing,
    /// The money is held and can be captured until [`Snapshot::capture_before`].
    Authorized,
    /// The money was taken.
    Succeeded,
    /// It was refused. The vendor's object may still succeed if somebody confirms it again.
    Failed,
    /// It was called off and will not succeed.
    Canceled,
}

/// What the vendor knows of one attempt, at one moment. What a picture does not show is not thereby gone: only what it shows
/// counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The vendor's name for it; absent where a vendor names a payment only later.
    pub theirs: Option<VendorRef>,
    /// Ours, as the vendor gave it back; absent for payments that were not begun here.
    pub ours: Option<AttemptId>,
    /// The tag of the order, as the vendor gave it back.
    pub tag: Option<Tag>,
    /// The vendor's customer.
    pub customer: Option<VendorRef>,
    /// Where it stands.
    pub status: PaymentStatus,
    /// What was asked for.
    pub amount: Money,
    /// What can still be captured.
    pub capturable: Money,
    /// What was taken from the payer so far. Never shrinks: refunds and disputes are figures beside it.
    pub captured: Money,
    /// Until when the rest can be captured, if something is held.
    pub capture_before: Option<Timestamp>,
    /// What has to happen next, with [`PaymentStatus::RequiresAction`]: nothing but [`super::Approval::complete`] if there is
    /// none, because the payer has approved already and no money moves without us. With [`PaymentStatus::Failed`] how the
    /// payer tries again, where the vendor's object allows it.
    pub action: Option<NextAction>,
    /// The refunds that this picture shows. Complete where [`Snapshot::complete`] says so.
    pub refunds: Vec<RefundSnapshot>,
    /// The disputes that this picture shows. Complete where [`Snapshot::complete`] says so.
    pub disputes: Vec<DisputeSnapshot>,
    /// Whether the lists of refunds and disputes hold all there are: those of [`super::PaymentProvider::find`] do.
    pub complete: bool,
    /// What the vendor keeps for taking it, once that is known; never negative.
    pub fee: Option<Money>,
    /// What it was paid with.
    pub method: Option<StoredMethod>,
    /// Why the last try was refused, with [`PaymentStatus::Failed`].
    pub failure: Option<Failure>,
    /// When the vendor made the object.
    pub created_at: Timestamp,
    /// When the picture was taken: of two, the later one is nearer to the truth.
    pub at: Timestamp,
    /// Whether it is real money.
    pub live: bool,
    /// The account at the vendor it belongs to, where it is known.
    pub account: Option<VendorRef>,
}

/// Where a refund stands at the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum RefundStatus {
    /// It is on its way, or the payer has to tell where to.
    Pending,
    /// It was handed to the bank. It may still come back as failed.
    Succeeded,
    /// The bank gave the money back to us.
    Failed,
    /// It was called off.
    Canceled,
}

/// What the vendor knows of one refund, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundSnapshot {
    /// The vendor's name for it.
    pub theirs: VendorRef,
    /// Ours, as the vendor gave it back; absent for refunds that were made at the vendor.
    pub ours: Option<RefundId>,
    /// The vendor's name for the payment, where the picture holds it.
    pub payment: Option<VendorRef>,
    /// Where it stands.
    pub status: RefundStatus,
    /// How much.
    pub amount: Money,
    /// Why it failed or was called off.
    pub failure: Option<Failure>,
    /// When the vendor made it.
    pub created_at: Timestamp,
    /// When the picture was taken.
    pub at: Timestamp,
}
