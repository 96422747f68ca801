//! Payment methods that the vendor keeps for later.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::action::NextAction;
use super::charge::{Mandate, Presence};
use super::decline::{Decline, Failure};
use super::handed::Handed;
use super::method::{MethodKind, MethodRef, StoredMethod};
use super::names::{CallKey, VendorRef};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::id::SetupId;
use crate::outcome::Outcome;

/// How a method gets to the vendor without passing through here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetupWay {
    /// By the vendor's script in our page: [`NextAction::Confirm`].
    Browser,
    /// By a page of the vendor: [`NextAction::Redirect`].
    Redirect,
    /// By a widget of the vendor: [`NextAction::Widget`].
    Widget,
}

/// Storing a method begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupOrder {
    /// Ours: the vendor keeps it.
    pub id: SetupId,
    /// The idempotency key.
    pub key: CallKey,
    /// Whether this very order may have been sent before.
    pub resend: bool,
    /// Whose method it will be, where the vendor has customers.
    pub customer: Option<VendorRef>,
    /// The kinds that the payer may choose from; at least one.
    pub kinds: Vec<MethodKind>,
    /// Whether the payer is there, and where to come back to.
    pub presence: Presence,
}

/// Where storing a method stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Enum),
    oai(rename_all = "snake_case")
)]
pub enum SetupStatus {
    /// Somebody has to do what [`Setup::action`] says.
    RequiresAction,
    /// The vendor or a bank will decide.
    Processing,
    /// The method is stored.
    Succeeded,
    /// It was refused; the payer may try again.
    Failed,
    /// It was called off, or could not be proven.
    Canceled,
}

/// What the vendor knows of storing one method, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The vendor's name for it.
    pub theirs: VendorRef,
    /// Ours, as the vendor gave it back.
    pub ours: Option<SetupId>,
    /// Whose method it will be. Compared with whose it should be before anything is stored here.
    pub customer: Option<VendorRef>,
    /// Where it stands.
    pub status: SetupStatus,
    /// What has to happen next, with [`SetupStatus::RequiresAction`].
    pub action: Option<NextAction>,
    /// The method, as soon as there is one.
    pub method: Option<StoredMethod>,
    /// Why the last try was refused.
    pub failure: Option<Failure>,
    /// When the picture was taken.
    pub at: Timestamp,
    /// Whether the method pays with real money.
    pub live: bool,
    /// The account at the vendor it belongs to, where it is known.
    pub account: Option<VendorRef>,
}

/// What became of the beginning: `Pending` where somebody has to act, which is the rule.
pub type SetupOutcome = Outcome<Setup, Decline, Setup>;

/// What became of the end: the stored method, or what is still missing.
pub type StoredOutcome = Outcome<StoredMethod, Decline, Setup>;

impl SetupOutcome {
    /// The outcome that a picture stands for.
    pub fn of(setup: Setup) -> Self {
        match setup.status {
            SetupStatus::Succeeded | SetupStatus::Canceled => Self::Done(setup),
            SetupStatus::RequiresAction | SetupStatus::Processing => Self::Pending(setup),
            SetupStatus::Failed => match setup.failure.clone() {
                Some(failure) => Self::Declined(Decline::new(failure).of(setup.theirs)),
                None => Self::Done(setup),
            },
        }
    }
}

/// What the payer tells of the deposits on a bank account. Shows nothing in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub enum Verification {
    /// Two amounts in the smallest unit of the account's currency.
    Amounts([u32; 2]),
    /// The code in the text of the deposit.
    Code(String),
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Amounts(_) => "Amounts(…)",
            Self::Code(_) => "Code(…)",
        })
    }
}

/// Storing a method goes on after the payer acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupProof {
    /// The vendor's name for the setup.
    pub setup: VendorRef,
    /// Whose method it must be: a setup of another customer is refused.
    pub customer: Option<VendorRef>,
    /// The idempotency key of this step.
    pub key: CallKey,
    /// What the payer tells of deposits, where those are waited for.
    pub verification: Option<Verification>,
    /// What the vendor's part in the browser handed over; empty where it hands over nothing.
    pub handed: Handed,
    /// The agreement to debits, where the kind needs one and the vendor has none yet.
    pub mandate: Option<Mandate>,
}

/// Keeps methods for later charges.
#[async_trait]
pub trait Vault: Send + Sync + 'static {
    /// How methods get to the vendor; at least one way.
    fn ways(&self) -> &[SetupWay];

    /// Whether bank accounts are proven by small deposits.
    fn microdeposits(&self) -> bool {
        false
    }

    /// Whether what is removed is gone at the vendor as well, and not here only.
    fn forgets(&self) -> bool {
        true
    }

    /// Begins to store a method.
    async fn begin(&self, order: &SetupOrder) -> SetupOutcome;

    /// Goes on after the payer acted, and says what is stored. `Declined` with [`super::DeclineClass::OurSide`] if the setup is
    /// of another customer. Asked again it gives the same method.
    async fn finish(&self, proof: &SetupProof) -> StoredOutcome;

    /// What the vendor knows of a stored method.
    ///
    /// # Errors
    /// `payment-method-unknown` if the vendor does not have it; `payments-unavailable`.
    async fn describe(&self, method: &MethodRef) -> Result<StoredMethod>;

    /// Removes a method. `Done` also if it is not there, and where the vendor has no call for it.
    async fn forget(&self, method: &MethodRef) -> Outcome<(), Decline>;
}
