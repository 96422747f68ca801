//! What every payment plugin does: charge, find, refund.

use async_trait::async_trait;

use super::charge::{Charge, RefundOrder};
use super::decline::Decline;
use super::method::MethodRef;
use super::names::{CallKey, VendorRef};
use super::snapshot::{PaymentStatus, RefundSnapshot, RefundStatus, Snapshot};
use super::terms::Terms;
use crate::clock::Timestamp;
use crate::id::RefundId;
use crate::money::{Amount, Money};
use crate::outcome::{Outcome, Reference, Resolution};

/// What became of an order to take, capture or release money.
///
/// - `Done`: it stands as authorised, succeeded or canceled.
/// - `Pending`: accepted, and somebody has to act or to decide: `requires_action` or `processing`.
/// - `Declined`: refused; the picture of the vendor's object is inside where there is one.
/// - `NotSent`, `Unknown`: as everywhere. `Unknown` names ours, or theirs where an answer said it.
pub type ChargeOutcome = Outcome<Snapshot, Decline, Snapshot>;

/// What became of an order to give money back. `Pending` is a refund under way.
pub type RefundOutcome = Outcome<RefundSnapshot, Decline, RefundSnapshot>;

/// What the vendor says of an attempt that was looked up.
pub type PaymentResolution = Resolution<Snapshot, Decline, Snapshot>;

impl ChargeOutcome {
    /// The outcome that a picture stands for.
    pub fn of(snapshot: Snapshot) -> Self {
        match snapshot.status {
            PaymentStatus::Authorized | PaymentStatus::Succeeded | PaymentStatus::Canceled => {
                Self::Done(snapshot)
            }
            PaymentStatus::RequiresAction | PaymentStatus::Processing => Self::Pending(snapshot),
            PaymentStatus::Failed => match snapshot.failure.clone() {
                Some(failure) => Self::Declined(Decline::new(failure).with_snapshot(snapshot)),
                None => Self::Done(snapshot),
            },
        }
    }

    /// The picture in it, if there is one.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        match self {
            Self::Done(snapshot) | Self::Pending(snapshot) => Some(snapshot),
            Self::Declined(decline) => decline.snapshot.as_deref(),
            Self::NotSent(_) | Self::Unknown(_) => None,
        }
    }
}

impl RefundOutcome {
    /// The outcome that a picture stands for.
    pub fn of(snapshot: RefundSnapshot) -> Self {
        match snapshot.status {
            RefundStatus::Pending => Self::Pending(snapshot),
            RefundStatus::Succeeded | RefundStatus::Failed | RefundStatus::Canceled => Self::Done(snapshot),
        }
    }

    /// The picture in it, if there is one.
    pub fn snapshot(&self) -> Option<&RefundSnapshot> {
        match self {
            Self::Done(snapshot) | Self::Pending(snapshot) => Some(snapshot),
            Self::Declined(_) | Self::NotSent(_) | Self::Unknown(_) => None,
        }
    }
}

/// An attempt whose state is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// The vendor's name for it, or [`super::AttemptId`] as text.
    pub reference: Reference,
    /// The customer that the order named, if it named one.
    pub customer: Option<VendorRef>,
    /// The key that the order was sent under.
    pub key: CallKey,
    /// It was not sent before.
    pub sent_at: Timestamp,
    /// What is known of the order here; nothing of what only the vendor has told of.
    pub known: Option<KnownOrder>,
}

/// What is known of an order whose state is asked for, for vendors that do not keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownOrder {
    /// How much was ordered.
    pub amount: Amount,
    /// The stored method that was ordered to be charged, if it was one.
    pub method: Option<MethodRef>,
    /// What is booked as captured. A vendor whose records reach back only a while need not show it again. With
    /// [`super::Source::Offline`] all that operators said that came, booked or not.
    pub booked: Money,
    /// The refunds that are known of it, for vendors that name refunds by nothing.
    pub refunds: Vec<KnownRefund>,
    /// Whether it was called off, for whoever keeps nothing.
    pub called_off: bool,
    /// Whether no later payment is known of the same subscription: what is given back of a subscription is given back of its last.
    pub latest: bool,
}

/// A refund that is known of a payment whose state is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRefund {
    /// Ours.
    pub id: RefundId,
    /// The name under which the plugin showed it before, if it did.
    pub theirs: Option<VendorRef>,
    /// How much.
    pub amount: Amount,
    /// It was not sent before.
    pub sent_at: Timestamp,
    /// Whether it is not known yet what became of it. With [`super::Source::Offline`] whether no operator has said that it
    /// was paid out.
    pub open: bool,
}

/// Takes payments.
///
/// # Behaviour
/// - One call of a method asks the vendor to move money at most once, and never repeats by itself.
/// - The same key with the same order, inside the window of [`Terms::replay`], moves money once, however often it is sent.
/// - Amounts are ISO minor units; what a vendor counts otherwise is converted in the plugin. What [`Terms::amounts`] refuses
///   is refused with `NotSent` before anything is sent.
/// - A time-out or an unreadable answer after sending is `Unknown`. So is a server error of the vendor.
/// - Every picture carries our id and tag back where the vendor keeps them, and says whether it is real money.
/// - No card number enters or leaves: methods are the vendor's names for them.
#[async_trait]
pub trait PaymentProvider: Send + Sync + 'static {
    /// What the vendor takes, and the figures that calls go by. Without I/O.
    fn terms(&self) -> &Terms;

    /// Takes money, or begins to.
    async fn charge(&self, order: &Charge) -> ChargeOutcome;

    /// What became of an attempt. The picture is complete: all refunds and disputes are in it, so that a refund or capture
    /// whose answer was lost is found with the payment. Money is in it after [`Terms::find_lag`] at the latest, and none that
    /// the vendor's own records do not show: until then it stands as `processing`.
    ///
    /// [`Resolution::Absent`] says that nothing of that name exists; it proves that nothing happened only after
    /// [`Terms::absence_after`]. In doubt it is [`Resolution::CannotTell`], whose reason says when to ask again.
    /// [`Sought::reference`] may be the vendor's name for a part of the payment, as its events have it.
    async fn find(&self, sought: &Sought) -> PaymentResolution;

    /// Gives money back.
    async fn refund(&self, order: &RefundOrder) -> RefundOutcome;
}
