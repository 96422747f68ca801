//! An account at a simulated CCBill, and the orders that tests make.

use std::ops::Deref;
use std::time::Duration;

use portcullis_ports::http::{HttpMethod, HttpRequest};
use portcullis_ports::money::{Amount, Money};
use portcullis_ports::outcome::{Reference, Resolution};
use portcullis_ports::payments::{
    Charge, ChargeOutcome, Handed, KnownOrder, MethodKind, MethodRef, PaymentEvent, PaymentResolution,
    Presence, RefundOrder, Return, Snapshot, Sought, Source, Statement, VendorRef,
};
use portcullis_ports::simulation::Posted;
use portcullis_ports::testkit::payments::SimulatedAccount;
pub(crate) use portcullis_ports::testkit::payments::{declined, done, money, not_sent, pending, usd};
use portcullis_ports::testkit::{Fault, Vendor as _};
use portcullis_provider_ccbill::simulator::{self, Simulator, Token};
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
        Self(SimulatedAccount::open("ccbill", settings, Simulator::new).await)
    }

    /// The next request to an address with this part meets the fault.
    pub(crate) fn will(&self, part: &'static str, fault: Fault) {
        self.client.will_at(part, fault);
    }

    pub(crate) fn hours_pass(&self, hours: u64) {
        self.runtime
            .clock
            .advance(Duration::from_hours(hours) + Duration::from_secs(1));
    }

    /// How many requests that reached CCBill went to addresses with this part.
    pub(crate) fn sent(&self, part: &str) -> usize {
        let exchanges = self.client.exchanges();
        exchanges
            .iter()
            .filter(|(request, _)| request.url.contains(part))
            .count()
    }

    pub(crate) fn order(&self, source: Source, presence: Presence) -> Charge {
        Charge {
            amount: usd(1_000),
            statement: Statement::default(),
            ..self.0.order(source, presence)
        }
    }

    pub(crate) fn method(&self, token: Token) -> MethodRef {
        MethodRef {
            theirs: VendorRef::parse(&self.vendor.token(token)).unwrap(),
            customer: None,
            kind: MethodKind::Card,
        }
    }

    /// A charge of a token in its payer's absence.
    pub(crate) fn stored(&self, token: Token) -> Charge {
        self.order(Source::Stored(self.method(token)), Presence::Absent)
    }

    pub(crate) fn page(&self) -> Charge {
        self.order(Source::HostedPage, present())
    }

    pub(crate) async fn complete(&self, order: &Charge, handed: &[(&str, &str)]) -> ChargeOutcome {
        let handed = handed
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let back = Return {
            id: order.id.clone(),
            key: self.key(),
            resend: false,
            payment: None,
            amount: order.amount,
            capture: order.capture,
            method: method_of(order),
            tag: order.tag.clone(),
            handed: Handed::new(handed.collect()).unwrap(),
        };
        self.connected.approval.as_ref().unwrap().complete(&back).await
    }

    pub(crate) fn refund(&self, of: &Snapshot) -> RefundOrder {
        self.0.refund(of, Amount::new(of.captured).unwrap())
    }

    pub(crate) fn sought(&self, reference: Reference, order: &Charge) -> Sought {
        Sought {
            known: Some(KnownOrder {
                amount: order.amount,
                method: method_of(order),
                booked: Money::zero(order.amount.get().currency),
                refunds: Vec::new(),
                called_off: false,
                latest: true,
            }),
            ..self.0.sought(reference, order)
        }
    }

    /// A payer pays at the address of a page.
    pub(crate) fn pays(&self, url: &str, number: &str) -> String {
        let request = HttpRequest::new(HttpMethod::Post, url).body(
            "application/x-www-form-urlencoded",
            format!("number={number}&expiry=12%2F34&cvv2=123"),
        );
        String::from_utf8(self.vendor.answer(&request).body).unwrap()
    }

    pub(crate) async fn event(&self, posted: &Posted) -> PaymentEvent {
        self.receive(posted).await.unwrap()[0].event().clone()
    }
}

pub(crate) fn method_of(order: &Charge) -> Option<MethodRef> {
    match &order.source {
        Source::Stored(method) => Some(method.clone()),
        _ => None,
    }
}

/// CCBill has no page to come back to after a refusal, and wants to know where the payer is.
pub(crate) fn present() -> Presence {
    Presence::Present {
        return_url: "https://gate.example.com/billing/return/1".to_owned(),
        cancel_url: None,
        ip: Some("203.0.113.7".parse().unwrap()),
    }
}

pub(crate) fn theirs(of: &Snapshot) -> Reference {
    Reference::Theirs(of.theirs.as_ref().unwrap().to_string())
}

pub(crate) fn found(resolution: PaymentResolution) -> Snapshot {
    match resolution {
        Resolution::Found(outcome) => outcome.snapshot().unwrap().clone(),
        other => panic!("not found: {other:?}"),
    }
}
