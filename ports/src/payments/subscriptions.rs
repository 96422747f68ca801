//! Subscriptions that the vendor collects: it charges every period by itself, and tells what it took.
//!
//! Nothing that a vendor tells begins a period by itself. Whoever follows a subscription reads it, looks up the charges that
//! it shows with [`PaymentProvider::find`](super::PaymentProvider::find), and books those that it had not booked.

use std::num::NonZeroU16;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::action::NextAction;
use super::charge::Presence;
use super::decline::Decline;
use super::method::MethodRef;
use super::names::{CallKey, Tag, VendorRef};
use super::snapshot::Snapshot;
use super::terms::SourceKind;
use crate::clock::Timestamp;
use crate::id::SubscriptionId;
use crate::money::{Amount, Money};
use crate::outcome::{Outcome, Reference, Resolution};

/// What periods are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodUnit {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months of the calendar.
    Month,
    /// Years of the calendar.
    Year,
}

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PeriodLength {
    /// The unit.
    pub unit: PeriodUnit,
    /// How many of them.
    pub count: NonZeroU16,
}

/// What subscriptions a vendor collects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionTerms {
    /// In which units it counts periods, each with the most of them that one period has.
    pub periods: Vec<(PeriodUnit, u16)>,
    /// What is charged: a stored method, a page of the vendor, or either.
    pub sources: Vec<SourceKind>,
    /// The longest trial in days that it counts itself; 0 for none.
    pub trial_days: u16,
    /// Whether it lets one rest and go on.
    pub pauses: bool,
}

impl SubscriptionTerms {
    /// Whether it collects periods of this length.
    pub fn admits(&self, period: PeriodLength) -> bool {
        let fits = |(unit, most): &(PeriodUnit, u16)| *unit == period.unit && period.count.get() <= *most;
        self.periods.iter().any(fits)
    }
}

/// What is sold by subscription, as a vendor has to know it before the first one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Ours: the same for the same offer, and for no other. At most 40 characters, A–Z, a–z, 0–9 and hyphens.
    pub name: String,
    /// The idempotency key.
    pub key: CallKey,
    /// What the payer reads. At most 120 characters.
    pub title: String,
    /// What a period costs, with all taxes.
    pub amount: Amount,
    /// How long a period is.
    pub period: PeriodLength,
    /// For how many days nothing is charged first.
    pub trial_days: u16,
}

/// A subscription begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionOrder {
    /// Ours: the vendor keeps it, and gives it back in pictures and events.
    pub id: SubscriptionId,
    /// The idempotency key.
    pub key: CallKey,
    /// Whether this very order may have been sent before.
    pub resend: bool,
    /// The vendor's name for the offer; nothing where it knows no offers.
    pub offer: Option<VendorRef>,
    /// What a period costs, with all taxes.
    pub amount: Amount,
    /// How long a period is.
    pub period: PeriodLength,
    /// For how many days nothing is charged first.
    pub trial_days: u16,
    /// The stored method that is charged; a page of the vendor where there is none.
    pub method: Option<MethodRef>,
    /// Whether the payer is there.
    pub presence: Presence,
    /// Given back unchanged with pictures and events.
    pub tag: Tag,
}

/// What is asked about a subscription that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStep {
    /// It charges nothing any more, for good.
    Cancel,
    /// It charges nothing until it is resumed.
    Pause,
    /// It goes on.
    Resume,
}

impl SubscriptionStep {
    /// The word for it in records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

/// A subscription is cancelled, paused or resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionChange {
    /// The vendor's name for it.
    pub subscription: VendorRef,
    /// What is asked for.
    pub step: SubscriptionStep,
    /// The idempotency key.
    pub key: CallKey,
}

/// A subscription that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoughtSubscription {
    /// The vendor's name for it, or [`SubscriptionId`] as text.
    pub reference: Reference,
    /// It was not ordered before.
    pub sent_at: Timestamp,
    /// What a period costs.
    pub amount: Amount,
    /// Charges of before are known already and need not be shown again.
    pub since: Timestamp,
    /// When it was to be charged next, by what is booked.
    pub due: Option<Timestamp>,
    /// How many charges of it are booked.
    pub booked: u32,
}

/// Where a subscription stands at the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionState {
    /// The payer has to do what [`SubscriptionSnapshot::action`] says; nothing is charged before.
    RequiresAction,
    /// It charges every period.
    Active,
    /// A charge failed, and is tried again by the vendor.
    PastDue,
    /// It rests: nothing is charged until it is resumed.
    Paused,
    /// It charges nothing any more, for good.
    Ended,
}

/// Money that the vendor took for a subscription. What became of it is looked up by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionCharge {
    /// The vendor's name for the payment: [`super::PaymentProvider::find`] knows it.
    pub theirs: VendorRef,
    /// How much.
    pub amount: Money,
    /// When it was taken.
    pub at: Timestamp,
    /// How it stands, where the answer that it is in proves it; else it is looked up.
    pub picture: Option<Box<Snapshot>>,
}

/// What the vendor knows of one subscription, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionSnapshot {
    /// The vendor's name for it; absent where a vendor names it only later.
    pub theirs: Option<VendorRef>,
    /// Ours, as the vendor gave it back.
    pub ours: Option<SubscriptionId>,
    /// Where it stands.
    pub state: SubscriptionState,
    /// What has to happen next, with [`SubscriptionState::RequiresAction`].
    pub action: Option<NextAction>,
    /// What was taken, oldest first; all that was taken since [`SoughtSubscription::since`], as far as the vendor shows it yet.
    pub charges: Vec<SubscriptionCharge>,
    /// Whether the vendor counts charges since then that it does not show yet.
    pub counts_more: bool,
    /// When it is charged next, where the vendor says so.
    pub next_charge_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When the picture was taken.
    pub at: Timestamp,
    /// Whether it is real money.
    pub live: bool,
    /// The account at the vendor it belongs to, where it is known.
    pub account: Option<VendorRef>,
}

/// What became of an order or a step: `Pending` while the payer has something to do.
pub type SubscriptionOutcome = Outcome<SubscriptionSnapshot, Decline, SubscriptionSnapshot>;

/// What the vendor says of a subscription that was looked up.
pub type SubscriptionResolution = Resolution<SubscriptionSnapshot, Decline, SubscriptionSnapshot>;

impl SubscriptionOutcome {
    /// The outcome that a picture stands for.
    pub fn of(snapshot: SubscriptionSnapshot) -> Self {
        match snapshot.state {
            SubscriptionState::RequiresAction => Self::Pending(snapshot),
            _ => Self::Done(snapshot),
        }
    }

    /// The picture in it, if there is one.
    pub fn snapshot(&self) -> Option<&SubscriptionSnapshot> {
        match self {
            Self::Done(snapshot) | Self::Pending(snapshot) => Some(snapshot),
            Self::Declined(_) | Self::NotSent(_) | Self::Unknown(_) => None,
        }
    }
}

/// Collects subscriptions.
///
/// # Behaviour
/// - The same key with the same order, inside the window of [`Replay::subscribe`](super::Replay), begins one subscription.
///   Without a window an order with `resend` is refused with `NotSent`, unless nothing is sent for it: a page whose address is
///   made here.
/// - What [`SubscriptionTerms`] or [`Terms::amounts`](super::Terms) refuse is refused with `NotSent` before anything is sent.
/// - Before the payer has agreed nothing is charged.
/// - Every charge has a name of its own, under which it is found, given back and reported like any other payment.
/// - A step that was taken already is `Done`. Once a cancellation is `Done`, nothing more is charged.
#[async_trait]
pub trait VendorSubscriptions: Send + Sync + 'static {
    /// What it collects. Without I/O.
    fn terms(&self) -> &SubscriptionTerms;

    /// Tells the vendor of an offer, and gives its name for it; nothing where it knows no offers. Moves no money.
    async fn offer(&self, offer: &Offer) -> Outcome<Option<VendorRef>, Decline>;

    /// Begins a subscription.
    async fn start(&self, order: &SubscriptionOrder) -> SubscriptionOutcome;

    /// How a subscription stands, and what was taken for it.
    async fn read(&self, sought: &SoughtSubscription) -> SubscriptionResolution;

    /// Cancels, pauses or resumes a subscription. `Done` once the vendor has confirmed it.
    async fn change(&self, change: &SubscriptionChange) -> Outcome<(), Decline>;
}
