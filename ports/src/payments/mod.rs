//! Taking payments through a vendor: what a plugin is asked, what it promises, and the traits that it may leave out.
//!
//! # How money calls are kept from happening twice
//! Whoever calls writes down what it is about to ask, and under which [`CallKey`], before it asks. The same key and the same
//! order are the same call: a vendor that recognises keys (see [`Replay`]) answers it again without acting again. An
//! [`Outcome::Unknown`](crate::Outcome) is looked up with [`PaymentProvider::find`]; it is sent again only inside the window
//! that the plugin states, with `resend` set and nothing else changed.
//!
//! # Pictures, not deltas
//! Answers, events and look-ups all give a [`Snapshot`]: the vendor's present figures of one payment. Figures that only grow
//! ([`Snapshot::captured`], the refunds and disputes by their names) can be compared with what was booked before, whatever
//! the order in which pictures arrive.

mod action;
mod approval;
mod browser;
mod capability;
mod charge;
mod client_credentials;
mod customers;
mod decline;
mod disputes;
mod event;
mod evidence_files;
mod handed;
mod holds;
mod method;
mod names;
mod provider;
mod reports;
mod snapshot;
mod subscriptions;
mod terms;
mod vault;

use std::sync::Arc;
use std::time::Duration;

pub use action::{ClientSecret, Instructions, MicrodepositKind, NextAction};
pub use approval::{Approval, Return, Withdrawal};
pub use browser::{Browser, BrowserConfig, BrowserToken};
pub use capability::PaymentCapability;
pub use charge::{Capture, Charge, Mandate, Presence, RefundOrder, RefundReason, Source, Statement};
pub use client_credentials::{AccessToken, ClientCredentials, NoToken, TokenEndpoint};
pub use customers::{CustomerOrder, Customers};
pub use decline::{CUSTOMER_GONE, Decline, DeclineClass, Failure};
pub use disputes::{
    DisputeAcceptance, DisputeKind, DisputeOutcome, DisputeSnapshot, DisputeStatus, Disputes, Evidence,
    EvidenceField, Funds,
};
pub use event::{EventObject, EventOrigin, EventTopic, PaymentEvent};
pub use evidence_files::{EvidenceDocument, EvidenceFile, FileTerms, FileType};
pub use handed::Handed;
pub use holds::{CaptureOrder, Holds, VoidOrder};
pub use method::{Expiry, MethodKind, MethodRef, MethodState, Reuse, StoredMethod};
pub use names::{AttemptId, CallKey, Tag, VendorRef};
pub use provider::{
    ChargeOutcome, KnownOrder, KnownRefund, PaymentProvider, PaymentResolution, RefundOutcome, Sought,
};
pub use reports::{Activity, ActivityKind, ActivityPage, Cursor, EventPage, Holding, Reports, TimeSpan};
pub use snapshot::{PaymentStatus, RefundSnapshot, RefundStatus, Snapshot};
pub use subscriptions::{
    Offer, PeriodLength, PeriodUnit, SoughtSubscription, SubscriptionChange, SubscriptionCharge,
    SubscriptionOrder, SubscriptionOutcome, SubscriptionResolution, SubscriptionSnapshot, SubscriptionState,
    SubscriptionStep, SubscriptionTerms, VendorSubscriptions,
};
pub use terms::{AmountProblem, AmountRule, RefundRule, Replay, SourceKind, Terms};
pub use vault::{
    Setup, SetupOrder, SetupOutcome, SetupProof, SetupStatus, SetupWay, StoredOutcome, Vault, Verification,
};

use crate::error::{Code, Kind};
use crate::inbound::Inbound;
use crate::plugin::{self, Choice, Connected, Plugin, Port, Readiness};
use crate::policy::{CallPolicy, Guarded};
use crate::probe::Probe;

/// The vendor cannot be asked at the moment.
pub const UNAVAILABLE: Code = Code::new(
    "payments-unavailable",
    Kind::Unavailable,
    "The payment vendor does not answer at the moment; please try again.",
);
/// The vendor does not have such a method, or not for this customer.
pub const UNKNOWN_METHOD: Code = Code::new(
    "payment-method-unknown",
    Kind::NotFound,
    "The payment vendor does not know this payment method.",
);
/// The vendor does not have such a dispute.
pub const UNKNOWN_DISPUTE: Code = Code::new(
    "dispute-unknown",
    Kind::NotFound,
    "The payment vendor does not know this dispute.",
);

/// The port of payment vendors.
#[derive(Debug)]
pub struct Payments;

/// A payment vendor that is ready. What is optional is present exactly if the plugin declares the capability that is named
/// with it; start-up fails otherwise.
pub struct ConnectedPayments {
    /// Charges, refunds, looks up.
    pub payments: Arc<dyn PaymentProvider>,
    /// Customers of the vendor: [`PaymentCapability::Customers`].
    pub customers: Option<Arc<dyn Customers>>,
    /// Authorising now and capturing later: [`PaymentCapability::Authorize`].
    pub holds: Option<Arc<dyn Holds>>,
    /// What follows after the buyer approved at the vendor: [`PaymentCapability::Approval`].
    pub approval: Option<Arc<dyn Approval>>,
    /// Stored payment methods: [`PaymentCapability::Vault`].
    pub vault: Option<Arc<dyn Vault>>,
    /// Subscriptions that the vendor collects: [`PaymentCapability::Subscriptions`].
    pub subscriptions: Option<Arc<dyn VendorSubscriptions>>,
    /// Disputes: [`PaymentCapability::Disputes`].
    pub disputes: Option<Arc<dyn Disputes>>,
    /// What moved on the vendor's account: [`PaymentCapability::Reports`].
    pub reports: Option<Arc<dyn Reports>>,
    /// What the vendor's part in the browser needs: [`PaymentCapability::Browser`].
    pub browser: Option<Arc<dyn Browser>>,
    /// Webhooks: [`PaymentCapability::Events`].
    pub inbound: Option<Arc<dyn Inbound<Event = PaymentEvent>>>,
    /// Whether it is well.
    pub probe: Arc<dyn Probe>,
}

impl Connected<Payments> for ConnectedPayments {
    fn probe(&self) -> &Arc<dyn Probe> {
        &self.probe
    }

    fn offers(&self, _: Option<&std::convert::Infallible>) -> Vec<(PaymentCapability, bool)> {
        capability::offered(self)
    }

    fn webhook(&self) -> bool {
        self.inbound.is_some()
    }
}

inventory::collect!(Plugin<Payments>);

impl Port for Payments {
    const NAME: &'static str = "payments";
    const TITLE: &'static str = "Payment vendor";
    const CHOICE: Choice = Choice::Several;
    const READINESS: Readiness = Readiness::Optional;
    type Connected = ConnectedPayments;
    type Capability = PaymentCapability;
    type Offline = std::convert::Infallible;

    fn plugins() -> Vec<&'static Plugin<Self>> {
        plugin::sorted(inventory::iter::<Plugin<Self>>.into_iter())
    }
}

impl Guarded for Payments {
    /// Vendors wait for banks, which take their time; the half that is kept is for buyers who are present.
    const POLICY: CallPolicy = CallPolicy::new(Duration::from_secs(30), 16)
        .with_reserve()
        .with_breaker();
}

impl Payments {
    /// What look-ups and reports are held to, beside money calls: they take no turn of a payment, and their success says
    /// nothing about charging.
    pub const LOOKUPS: CallPolicy = CallPolicy::new(Duration::from_secs(30), 8);
}
