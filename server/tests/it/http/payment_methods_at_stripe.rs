//! Stored payment methods through the plugin of Stripe, against its simulator: cards, bank accounts, removal.

use std::sync::Arc;
use std::time::Duration;

use portcullis_ports::payments::{ConnectedPayments, Payments, VendorRef};
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_ports::testkit::{FakeRuntime, VendorClient};
use portcullis_provider_stripe::simulator::{self, Simulator};
use serde_json::{Value, json};

use super::client::Person;
use super::deployment::Deployment;

const METHODS: &str = "/api/billing/payment-methods";

async fn at_stripe() -> (Deployment, Arc<Simulator>) {
    let mut runtime = FakeRuntime::default();
    let stripe = Arc::new(Simulator::new(Arc::clone(&runtime.clock) as Arc<_>));
    runtime.http = Arc::new(VendorClient::new(Arc::clone(&stripe)));
    let connected = runtime
        .connect::<Payments>("stripe", simulator::settings())
        .await
        .unwrap();
    let deployment = Deployment::with(|plan| {
        plan.payments = Some(ConnectedPayments {
            inbound: None,
            ..connected
        });
    });
    (deployment.await, stripe)
}

async fn begun(deployment: &Deployment, person: &Person, key: &str, kind: &str) -> Value {
    let call = deployment.post(&format!("{METHODS}/setups")).by(person);
    let call = call.header("idempotency-key", key);
    call.json(json!({ "kinds": [kind] })).ok().await
}

/// The name that the script reads off the secret.
fn theirs(setup: &Value) -> VendorRef {
    let secret = setup["next_action"]["client_secret"].as_str().unwrap();
    VendorRef::parse(secret.split_once("_secret").unwrap().0).unwrap()
}

fn complete(setup: &Value) -> String {
    format!(
        "{METHODS}/setups/{}/complete",
        setup["setup_id"].as_str().unwrap()
    )
}

#[tokio::test]
async fn a_card_is_entered_listed_and_removed() {
    let (deployment, stripe) = at_stripe().await;
    let ada = deployment.person("ada@example.com").await;
    let config = deployment.get("/api/billing/config").ok().await;
    assert!(
        config["publishable_key"]
            .as_str()
            .unwrap()
            .starts_with("pk_test_")
    );
    assert!(!config.to_string().contains("sk_test"), "{config}");

    let setup = begun(&deployment, &ada, "1", "card").await;
    assert_eq!(begun(&deployment, &ada, "1", "card").await, setup);
    let waiting = deployment
        .post(&complete(&setup))
        .by(&ada)
        .json(json!({}))
        .ok()
        .await;
    assert_eq!(waiting["status"], "requires_action");
    assert!(stripe.does(Deed::EntersCard(&theirs(&setup))));
    let done = deployment
        .post(&complete(&setup))
        .by(&ada)
        .json(json!({}))
        .ok()
        .await;
    assert_eq!(done["status"], "succeeded");
    let listed = deployment.get(METHODS).by(&ada).ok().await;
    assert_eq!(
        (&listed[0]["label"], &listed[0]["last4"]),
        (&json!("Visa"), &json!("4242"))
    );

    let path = format!("{METHODS}/{}", done["payment_method_id"].as_str().unwrap());
    deployment.call("DELETE", &path).by(&ada).ok().await;
    assert_eq!(deployment.get(METHODS).by(&ada).ok().await, json!([]));
    deployment.run_tasks("payment-methods-forget").await;
    let intent = stripe.object(theirs(&setup).as_str()).unwrap();
    let method = stripe.object(intent["payment_method"].as_str().unwrap()).unwrap();
    assert_eq!(method["customer"], Value::Null, "it is nobody's any more");
    assert!(stripe.keeps_no_number());
}

#[tokio::test]
async fn the_same_card_entered_twice_is_one_method() {
    let (deployment, stripe) = at_stripe().await;
    let ada = deployment.person("ada@example.com").await;
    let mut ids = Vec::new();
    for key in ["1", "2"] {
        let setup = begun(&deployment, &ada, key, "card").await;
        assert!(stripe.does(Deed::EntersCard(&theirs(&setup))));
        let done = deployment
            .post(&complete(&setup))
            .by(&ada)
            .json(json!({}))
            .ok()
            .await;
        ids.push(done["payment_method_id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    let listed = deployment.get(METHODS).by(&ada).ok().await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_bank_account_is_proven_by_what_arrived() {
    let (deployment, stripe) = at_stripe().await;
    let ada = deployment.person("ada@example.com").await;
    let setup = begun(&deployment, &ada, "1", "us_bank_debit").await;
    assert!(stripe.does(Deed::EntersBankAccount(&theirs(&setup))));
    let tell = |body: Value| deployment.post(&complete(&setup)).by(&ada).json(body);
    let waiting = tell(json!({})).ok().await;
    assert_eq!(waiting["next_action"]["type"], "microdeposits");
    stripe.advance(Duration::from_hours(48));
    tell(json!({ "amounts": [1, 2] }))
        .refused(402, "payment-method-setup-declined")
        .await;
    let done = tell(json!({ "amounts": [32, 45] })).ok().await;
    assert_eq!(done["status"], "succeeded");
    let listed = deployment.get(METHODS).by(&ada).ok().await;
    assert_eq!(
        (&listed[0]["method_type"], &listed[0]["label"]),
        (&json!("us_bank_debit"), &json!("STRIPE TEST BANK"))
    );
}
