//! Payments on CCBill's page, which has no name of the vendor's before its webhook.

use std::sync::Arc;

use portcullis_core::ledger::{Cause, CauseId, Sale, Transaction};
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::payments::{ConnectedPayments, Payments};
use portcullis_ports::testkit::{FakeRuntime, VendorClient};
use portcullis_provider_ccbill::simulator::{self, Simulator};
use serde_json::{Value, json};

use super::client::Person;
use super::deployment::Deployment;

const PAYMENTS: &str = "/api/billing/payments";

async fn at_ccbill() -> Deployment {
    let mut runtime = FakeRuntime::default();
    let ccbill = Arc::new(Simulator::new(Arc::clone(&runtime.clock) as Arc<_>));
    runtime.http = Arc::new(VendorClient::new(ccbill));
    let connected = runtime
        .connect::<Payments>("ccbill", simulator::settings())
        .await
        .unwrap();
    let deployment = Deployment::with(|plan| {
        plan.payments = Some(ConnectedPayments {
            inbound: None,
            ..connected
        });
    });
    deployment.await
}

async fn on_the_page(deployment: &Deployment, person: &Person, purpose: &str) -> Value {
    let body = json!({ "purpose": purpose, "amount": 1995, "currency": "USD", "pay_by": "page" });
    let call = deployment.post(PAYMENTS).by(person);
    call.header("idempotency-key", purpose).json(body).ok().await
}

#[tokio::test]
async fn a_page_that_nobody_filled_in_is_called_off_and_frees_the_balance() {
    let deployment = at_ccbill().await;
    let ada = deployment.person("ada@example.com").await;
    let me = deployment.get("/ui/me").by(&ada).ok().await;
    let subject = me["user_sub"].as_str().unwrap().parse().unwrap();
    let amount = Amount::new(Money::new(1995, Currency::parse("USD").unwrap())).unwrap();
    let sale = Transaction::sale(
        &Sale::untaxed(amount),
        Cause::Order(CauseId::parse("order-1").unwrap()),
    );
    deployment.app.ledger.record(&subject, &[sale]).await.unwrap();

    let begun = on_the_page(&deployment, &ada, "balance").await;
    assert_eq!(begun["status"], "requires_action", "{begun}");
    assert_eq!(
        begun["reference"],
        Value::Null,
        "the vendor has no name for it yet"
    );
    let path = format!("{PAYMENTS}/{}", begun["payment_id"].as_str().unwrap());
    let looked = deployment
        .post(&format!("{path}/complete"))
        .by(&ada)
        .json(json!({}));
    assert_eq!(looked.ok().await["status"], "requires_action");
    let held = deployment.get("/api/billing/balance").by(&ada).ok().await;
    assert_eq!(held["balances"][0]["credits_pending"], 1995, "{held}");

    let canceled = deployment
        .post(&format!("{path}/cancel"))
        .by(&ada)
        .json(json!({}));
    assert_eq!(canceled.ok().await["status"], "canceled");
    let free = deployment.get("/api/billing/balance").by(&ada).ok().await;
    assert_eq!(free["balances"][0]["credits_pending"], 0, "{free}");
    assert_eq!(free["balances"][0]["debits_posted"], 1995, "{free}");
}
