//! Payments over HTTP, through a vendor in memory: begun, followed, called off, given back by operators.

use portcullis_ports::payments::VendorRef;
use serde_json::{Value, json};

use super::client::Person;
use super::deployment::Deployment;

const PAYMENTS: &str = "/api/billing/payments";

fn kettle() -> Value {
    json!({ "purpose": "purchase", "amount": 1999, "currency": "USD", "pay_by": "browser", "description": "Plum kettle" })
}

async fn begun(deployment: &Deployment, person: &Person, key: &str) -> Value {
    let call = deployment
        .post(PAYMENTS)
        .by(person)
        .header("idempotency-key", key);
    let answer = call.json(kettle()).send().await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.json()
}

fn theirs(payment: &Value) -> VendorRef {
    let secret = payment["next_action"]["client_secret"].as_str().unwrap();
    VendorRef::parse(secret.strip_suffix("_secret").unwrap()).unwrap()
}

fn path(payment: &Value, what: &str) -> String {
    format!("{PAYMENTS}/{}{what}", payment["payment_id"].as_str().unwrap())
}

#[tokio::test]
async fn a_payment_is_begun_paid_and_listed() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let payment = begun(&deployment, &ada, "one").await;
    assert_eq!(payment["status"], "requires_action");
    assert_eq!(payment["next_action"]["type"], "confirm");
    let again = begun(&deployment, &ada, "one").await;
    assert_eq!(again["payment_id"], payment["payment_id"]);
    let read = deployment.get(&path(&payment, "")).by(&ada).ok().await;
    assert_eq!(
        (&read["next_action"], &read["action"]),
        (&Value::Null, &json!("confirm"))
    );

    assert!(deployment.vendor.pay(&theirs(&payment)));
    let paid = deployment.post(&path(&payment, "/complete")).by(&ada).ok().await;
    assert_eq!(
        (&paid["status"], &paid["captured"]),
        (&json!("succeeded"), &json!(1999))
    );
    assert_eq!((&paid["operator"], &paid["digits"]), (&Value::Null, &json!(2)));
    let listed = deployment.get(PAYMENTS).by(&ada).ok().await;
    assert_eq!(listed["payments"][0]["payment_id"], payment["payment_id"]);
    assert_eq!(listed["next_cursor"], Value::Null);
    let balance = deployment.get("/api/billing/balance").by(&ada).ok().await;
    assert_eq!(balance["balances"][0]["owed"], 0);
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_begun() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let post = |key: Option<&str>, body: Value| {
        let call = deployment.post(PAYMENTS).by(&ada).json(body);
        match key {
            Some(key) => call.header("idempotency-key", key),
            None => call,
        }
    };
    let without = post(None, kettle()).send().await.json();
    assert_eq!(without["code"], "idempotency-key-required");
    for (change, code) in [
        (json!({ "amount": 0 }), "invalid-request"),
        (json!({ "amount": 1 }), "amount-not-taken"),
        (json!({ "currency": "CHF" }), "amount-not-taken"),
        (json!({ "currency": null }), "invalid-request"),
        (json!({ "amount": null }), "invalid-request"),
        (json!({ "number": "4242424242424242" }), "invalid-request"),
        (json!({ "pay_by": "method" }), "no-default-payment-method"),
        (json!({ "vendor": "other" }), "payment-vendor-unclear"),
        (json!({ "purpose": "balance", "amount": null }), "nothing-due"),
    ] {
        let mut body = kettle();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = post(Some("one"), body).send().await;
        let (status, refused) = (answer.status, answer.json());
        assert_eq!(refused["code"], code, "{change} {refused}");
        assert!((400..500).contains(&status), "{status}");
        assert!(!refused.to_string().contains("4242424242424242"));
    }
    assert!(deployment.vendor.payments().is_empty());
    begun(&deployment, &ada, "one").await;
    let other = json!({ "purpose": "purchase", "amount": 500, "currency": "USD", "pay_by": "browser" });
    let reused = post(Some("one"), other).send().await.json();
    assert_eq!(reused["code"], "idempotency-key-reused");
}

#[tokio::test]
async fn nobody_reaches_the_payment_of_somebody_else_or_what_is_for_operators() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let bob = deployment.person("bob@example.com").await;
    let payment = begun(&deployment, &ada, "one").await;
    for what in ["/complete", "/cancel"] {
        let call = deployment.post(&path(&payment, what)).by(&bob);
        call.refused(404, "payment-not-found").await;
    }
    let call = deployment.get(&path(&payment, "")).by(&bob);
    call.refused(404, "payment-not-found").await;
    let id = payment["payment_id"].as_str().unwrap();
    let all = "/api/operator/billing/payments";
    for (method, path, body) in [
        ("GET", all.to_owned(), Value::Null),
        ("GET", format!("{all}/{id}"), Value::Null),
        (
            "POST",
            format!("{all}/{id}/refunds"),
            json!({ "reason": "requested" }),
        ),
        ("POST", format!("{all}/{id}/capture"), json!({})),
        ("POST", format!("{all}/{id}/void"), json!({})),
        (
            "POST",
            format!("{all}/{id}/resolve"),
            json!({ "decision": "not_sent", "reason": "x" }),
        ),
    ] {
        let call = if method == "GET" {
            deployment.get(&path)
        } else {
            deployment.post(&path).json(body)
        };
        let call = call.by(&ada).header("idempotency-key", "k");
        call.refused(403, "not-an-operator").await;
    }
    let forged = format!("/billing/return/{id}.{}", "0".repeat(32));
    deployment.get(&forged).refused(404, "payment-not-found").await;
}
