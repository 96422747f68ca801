//! The port: an order becomes a request, and the answer a picture of the payment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portcullis_ports::outcome::{Outcome, Reason, Resolution};
use portcullis_ports::payments::{
    Charge, ChargeOutcome, ConnectedPayments, PaymentProvider, PaymentResolution, Payments, RefundOrder, RefundOutcome,
    RefundRule, Replay, Sought, Terms,
};

use crate::client::Client;

/// Takes payments at Acme.
struct AcmePayments {
    client: Arc<Client>,
    terms: Terms,
}

/// What is connected. Whatever of the traits beside `payments` the vendor has comes here, and its capability into `lib.rs`.
pub(crate) fn connected(client: Arc<Client>) -> ConnectedPayments {
    let payments = AcmePayments {
        client: Arc::clone(&client),
        terms: terms(),
    };
    ConnectedPayments {
        payments: Arc::new(payments),
        customers: None,
        holds: None,
        approval: None,
        vault: None,
        subscriptions: None,
        disputes: None,
        reports: None,
        browser: None,
        inbound: None,
        probe: client,
    }
}

/// What Acme takes: from its manual, figure by figure.
fn terms() -> Terms {
    Terms {
        live: false,
        account: None,
        methods: Vec::new(),
        sources: Vec::new(),
        amounts: BTreeMap::new(),
        replay: Replay::default(),
        find_by_ours: false,
        keeps_ours: true,
        find_lag: Duration::ZERO,
        absence_after: None,
        refunds: RefundRule::PerPayment {
            partial: false,
            many: false,
        },
        refund_within: None,
        partial_capture: false,
        authorization_valid: None,
        action_within: None,
        report_lag: Duration::ZERO,
        report_span: None,
    }
}

fn not_written(what: &str) -> Reason {
    Reason::permanent(
        "not-written",
        format!("{what} is not written yet: write it in providers/acme/src/payments.rs"),
    )
}

#[async_trait]
impl PaymentProvider for AcmePayments {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    async fn charge(&self, order: &Charge) -> ChargeOutcome {
        let body = order.id.to_string().into_bytes();
        match self.client.post("/charges", body).await {
            Ok(_) | Err(_) => Outcome::NotSent(not_written("charge")),
        }
    }

    async fn find(&self, _: &Sought) -> PaymentResolution {
        Resolution::CannotTell(not_written("find"))
    }

    async fn refund(&self, _: &RefundOrder) -> RefundOutcome {
        Outcome::NotSent(not_written("refund"))
    }
}

portcullis_ports::set_up!(Payments, "acme", |_folder| {
    // The simulator plays the payer and the bank as well: let it implement `Counterparty`, and hand it in here.
    let clock = std::sync::Arc::new(FakeClock::default());
    let counterparty = payments::FakePayments::new(clock);
    SetUp::new(crate::simulator::settings(), payments::PaymentExpectations { counterparty })
        .asking(Arc::new(crate::simulator::Simulator))
});
