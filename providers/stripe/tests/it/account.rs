//! An account at a simulated Stripe, and the orders that tests make.

use std::ops::Deref;

use portcullis_ports::payments::{
    Charge, CustomerOrder, MethodKind, MethodRef, Presence, RefundOrder, SetupOrder, Snapshot, Source,
    VendorRef,
};
use portcullis_ports::testkit::payments::{Behaviour, Counterparty as _, SimulatedAccount};
pub(crate) use portcullis_ports::testkit::payments::{declined, done, money, pending, present, usd};
use portcullis_provider_stripe::simulator::{self, Simulator};
use serde_json::Value;

pub(crate) struct Account(SimulatedAccount<Simulator>);

impl Deref for Account {
    type Target = SimulatedAccount<Simulator>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Account {
    pub(crate) async fn new() -> Self {
        Self::with(simulator::settings()).await
    }

    pub(crate) async fn with(settings: Value) -> Self {
        Self(SimulatedAccount::open("stripe", settings, Simulator::new).await)
    }

    pub(crate) async fn customer(&self) -> VendorRef {
        let order = CustomerOrder {
            key: self.key(),
            ours: "sub_1".to_owned(),
            email: Some("ada@example.com".to_owned()),
        };
        done(self.connected.customers.as_ref().unwrap().create(&order).await)
    }

    /// A charge of a stored method in its payer's absence.
    pub(crate) async fn stored(&self, behaviour: Behaviour) -> Charge {
        let customer = self.customer().await;
        let method = self.vendor.stored(behaviour, Some(&customer)).unwrap();
        self.order(Source::Stored(method), Presence::Absent, customer)
    }

    /// A charge of a method that a token of Stripe's stands for.
    pub(crate) async fn token(&self, token: &str, kind: MethodKind) -> Charge {
        let customer = self.customer().await;
        let method = MethodRef {
            theirs: VendorRef::parse(token).unwrap(),
            customer: Some(customer.clone()),
            kind,
        };
        self.order(Source::Stored(method), Presence::Absent, customer)
    }

    /// A charge of what a payer who is present enters.
    pub(crate) async fn fresh(&self, source: Source) -> Charge {
        let customer = self.customer().await;
        self.order(source, present(), customer)
    }

    pub(crate) fn order(&self, source: Source, presence: Presence, customer: VendorRef) -> Charge {
        Charge {
            customer: Some(customer),
            ..self.0.order(source, presence)
        }
    }

    pub(crate) fn refund(&self, of: &Snapshot, amount: i64) -> RefundOrder {
        self.0.refund(of, usd(amount))
    }

    pub(crate) fn setup(&self, customer: &VendorRef, kinds: &[MethodKind]) -> SetupOrder {
        self.0.setup(Some(customer), kinds)
    }
}
