//! A plugin that is connected to a vendor's stand-in, and the orders that its tests make.

#![expect(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "what fails here fails the test that asked for it"
)]

use std::fmt::Debug;
use std::sync::Arc;

use serde_json::Value;

use super::counterparty::Counterparty;
use super::posted;
use super::suite::parsed;
use crate::clock::Clock;
use crate::error::Result;
use crate::id::{self, PaymentId, RefundId, SetupId};
use crate::inbound::{Delivery, Verified};
use crate::money::{Amount, Currency, Money};
use crate::outcome::{Outcome, Reference, Resolution};
use crate::payments::{
    AttemptId, CallKey, Capture, Charge, ChargeOutcome, ConnectedPayments, Decline, MethodKind, PaymentEvent,
    PaymentResolution, Payments, Presence, RefundOrder, RefundReason, SetupOrder, Snapshot, Sought, Source,
    Statement, Tag, VendorRef,
};
use crate::simulation::{Posted, Vendor};
use crate::testkit::{FakeRuntime, Fault, VendorClient};

/// An account at a vendor's stand-in, with the plugin that is connected to it and every exchange written down.
pub struct SimulatedAccount<V> {
    /// What the plugin was given.
    pub runtime: FakeRuntime,
    /// The stand-in.
    pub vendor: Arc<V>,
    /// What stands between both.
    pub client: Arc<VendorClient<V>>,
    /// The plugin.
    pub connected: ConnectedPayments,
}

impl<V: Vendor + Counterparty + 'static> SimulatedAccount<V> {
    /// Connects a plugin, by its name and settings, to a stand-in on the clock of the test.
    pub async fn open(plugin: &str, settings: Value, vendor: impl FnOnce(Arc<dyn Clock>) -> V) -> Self {
        let mut runtime = FakeRuntime::default();
        let vendor = Arc::new(vendor(Arc::clone(&runtime.clock) as Arc<_>));
        let client = Arc::new(VendorClient::new(Arc::clone(&vendor)));
        runtime.http = Arc::clone(&client) as Arc<_>;
        let connected = runtime.connect::<Payments>(plugin, settings).await;
        Self {
            connected: well(connected),
            runtime,
            vendor,
            client,
        }
    }

    /// The next request meets this fault.
    pub fn will(&self, fault: Fault) {
        self.client.will(fault);
    }

    /// So many requests go well before the next fault.
    pub fn passes(&self, requests: usize) {
        self.client.passes(requests);
    }

    /// A key that no other call of this test has.
    pub fn key(&self) -> CallKey {
        parsed(CallKey::parse(&well(id::random("k", &*self.runtime.entropy))))
    }

    /// A charge of 20.00 USD without a customer.
    pub fn order(&self, source: Source, presence: Presence) -> Charge {
        let payment = well(PaymentId::random(&*self.runtime.entropy));
        Charge {
            id: AttemptId { payment, attempt: 1 },
            key: self.key(),
            resend: false,
            amount: usd(2_000),
            source,
            presence,
            capture: Capture::Now,
            customer: None,
            mandate: None,
            statement: Statement {
                description: "Ten credits".to_owned(),
                suffix: None,
            },
            tag: parsed(Tag::parse("tag-1")),
        }
    }

    /// Sends an order.
    pub async fn charge(&self, order: &Charge) -> ChargeOutcome {
        self.connected.payments.charge(order).await
    }

    /// An order to give so much of a payment back.
    pub fn refund(&self, of: &Snapshot, amount: Amount) -> RefundOrder {
        RefundOrder {
            id: well(RefundId::random(&*self.runtime.entropy)),
            key: self.key(),
            resend: false,
            payment: named(of).clone(),
            attempt: of
                .ours
                .clone()
                .unwrap_or_else(|| panic!("it is not ours: {of:?}")),
            amount,
            of_payments: None,
            reason: RefundReason::Requested,
        }
    }

    /// An order to store a method of these kinds, of a payer who is present.
    pub fn setup(&self, customer: Option<&VendorRef>, kinds: &[MethodKind]) -> SetupOrder {
        SetupOrder {
            id: well(SetupId::random(&*self.runtime.entropy)),
            key: self.key(),
            resend: false,
            customer: customer.cloned(),
            kinds: kinds.to_vec(),
            presence: present(),
        }
    }

    /// What is sought of an order, by its key and now.
    pub fn sought(&self, reference: Reference, order: &Charge) -> Sought {
        Sought {
            reference,
            customer: order.customer.clone(),
            key: order.key.clone(),
            sent_at: self.runtime.clock.now(),
            known: None,
        }
    }

    /// Looks something up.
    pub async fn look(&self, sought: &Sought) -> PaymentResolution {
        self.connected.payments.find(sought).await
    }

    /// What is found of an order; nothing if it is certainly not there.
    pub async fn find(&self, reference: Reference, order: &Charge) -> Option<Snapshot> {
        match self.look(&self.sought(reference, order)).await {
            Resolution::Found(outcome) => outcome.snapshot().cloned(),
            Resolution::Absent => None,
            Resolution::CannotTell(reason) => panic!("{reason:?}"),
        }
    }

    /// How a payment stands now.
    pub async fn now(&self, of: &Snapshot, order: &Charge) -> Snapshot {
        let theirs = Reference::Theirs(named(of).to_string());
        let found = self.find(theirs, order).await;
        found.unwrap_or_else(|| panic!("it is gone: {of:?}"))
    }

    /// A delivery as it is kept.
    ///
    /// # Errors
    /// Whatever the plugin refuses it with.
    pub async fn verified(&self, posted: &Posted) -> Result<Delivery> {
        let from = (self.vendor.posts_from(), self.runtime.clock.now());
        posted::verified(self.inbound(), posted, from, |token| token).await
    }

    /// The events of a delivery.
    ///
    /// # Errors
    /// As [`SimulatedAccount::verified`], and if it cannot be read.
    pub async fn receive(&self, posted: &Posted) -> Result<Vec<Verified<PaymentEvent>>> {
        self.verified(posted).await?.split(self.inbound())
    }

    /// Everything that was posted since the last time, read.
    pub async fn events(&self) -> Vec<PaymentEvent> {
        let mut events = Vec::new();
        for posted in self.vendor.posted() {
            let read = well(self.receive(&posted).await);
            events.extend(read.iter().map(|verified| verified.event().clone()));
        }
        events
    }

    fn inbound(&self) -> &dyn crate::inbound::Inbound<Event = PaymentEvent> {
        let inbound = self.connected.inbound.as_deref();
        inbound.unwrap_or_else(|| panic!("the plugin takes no webhooks"))
    }
}

/// A payer who is there and has pages to come back to.
pub fn present() -> Presence {
    Presence::Present {
        return_url: "https://gate.example.com/billing/return/1".to_owned(),
        cancel_url: Some("https://gate.example.com/billing/cancel/1".to_owned()),
        ip: None,
    }
}

/// Minor units of a currency by its code.
pub fn money(minor: i64, currency: &str) -> Money {
    Money::new(minor, parsed(Currency::parse(currency)))
}

/// Cents, more than none.
pub fn usd(minor: i64) -> Amount {
    well(Amount::new(money(minor, "USD")))
}

/// What was done.
pub fn done<T: Debug, P: Debug>(outcome: Outcome<T, Decline, P>) -> T {
    match outcome {
        Outcome::Done(value) => value,
        other => panic!("not done: {other:?}"),
    }
}

/// What is still under way.
pub fn pending<T: Debug, P: Debug>(outcome: Outcome<T, Decline, P>) -> P {
    match outcome {
        Outcome::Pending(value) => value,
        other => panic!("not pending: {other:?}"),
    }
}

/// Why it was declined.
pub fn declined<T: Debug, P: Debug>(outcome: Outcome<T, Decline, P>) -> Decline {
    match outcome {
        Outcome::Declined(decline) => decline,
        other => panic!("not declined: {other:?}"),
    }
}

/// The code of what was not sent.
pub fn not_sent<T: Debug, P: Debug>(outcome: Outcome<T, Decline, P>) -> String {
    match outcome {
        Outcome::NotSent(reason) => reason.code,
        other => panic!("it was sent: {other:?}"),
    }
}

fn named(of: &Snapshot) -> &VendorRef {
    let theirs = of.theirs.as_ref();
    theirs.unwrap_or_else(|| panic!("it has no name at the vendor: {of:?}"))
}

fn well<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{error:?}"))
}
