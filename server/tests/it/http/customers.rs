//! What operators do about the account of a customer, over HTTP.

use portcullis_core::operators::Role;
use portcullis_ports::payments::VendorRef;
use serde_json::{Value, json};

use super::client::Person;
use super::deployment::Deployment;
use super::operators::{grant, with_factor};

async fn admin(deployment: &Deployment) -> (Person, String) {
    let (person, subject) = with_factor(deployment, "grace@example.com").await;
    grant(deployment, &subject, Role::Admin).await;
    (person, subject)
}

async fn customer(deployment: &Deployment) -> (Person, String) {
    let ada = deployment.person("ada@example.com").await;
    let me = deployment.get("/ui/me").by(&ada).ok().await;
    let subject = me["user_sub"].as_str().unwrap().to_owned();
    (ada, subject)
}

fn path(subject: &str, what: &str) -> String {
    format!("/api/operator/billing/customers/{subject}{what}")
}

async fn told(deployment: &Deployment, whose: &str, event: &str) -> Vec<Option<String>> {
    let history = deployment
        .app
        .audit
        .entries(&whose.parse().unwrap())
        .await
        .unwrap();
    let told = history.into_iter().filter(|entry| entry.event == event);
    told.map(|mut entry| entry.details.remove("reason")).collect()
}

#[tokio::test]
async fn an_adjustment_is_booked_once_with_its_reason_in_both_histories() {
    let deployment = Deployment::start().await;
    let (ada, subject) = customer(&deployment).await;
    let (grace, operator) = admin(&deployment).await;
    let adjust = |key: &str, body: Value| {
        let call = deployment.post(&path(&subject, "/adjustments")).by(&grace);
        call.header("idempotency-key", key).json(body)
    };
    let charge = json!({ "kind": "charge", "amount": 1500, "currency": "USD", "reason": "Extra seats" });
    let first = adjust("one", charge.clone()).ok().await;
    assert_eq!(
        (&first["entry_number"], &first["balance"]["payable"]),
        (&json!(1), &json!(1500))
    );
    let again = adjust("one", charge.clone()).ok().await;
    assert_eq!(again, first);
    let credit = json!({ "kind": "credit", "amount": 500, "currency": "USD", "reason": "Goodwill" });
    adjust("one", credit.clone())
        .refused(400, "idempotency-key-reused")
        .await;
    let given = adjust("two", credit).ok().await;
    assert_eq!(given["balance"]["payable"], 1000);
    let seen = deployment
        .get("/api/billing/ledger?currency=USD")
        .by(&ada)
        .ok()
        .await;
    assert_eq!(
        (&seen["entries"][0]["kind"], &seen["entries"][0]["reason"]),
        (&json!("credit"), &json!("Goodwill"))
    );
    let reasons = [Some("Extra seats".to_owned()), Some("Goodwill".to_owned())];
    for whose in [&operator, &subject] {
        assert_eq!(
            told(&deployment, whose, "operator_customer_adjust").await,
            reasons
        );
    }
    for (field, value) in [
        ("reason", json!("")),
        ("reason", Value::Null),
        ("amount", json!(0)),
        ("kind", json!("gift")),
        ("card", json!("4242")),
    ] {
        let mut wrong = charge.clone();
        wrong[field] = value;
        adjust("three", wrong).refused(400, "invalid-request").await;
    }
    let nobody = deployment.post(&path("usr_nobody", "/adjustments")).by(&grace);
    let nobody = nobody.header("idempotency-key", "four").json(charge);
    nobody.refused(404, "customer-not-found").await;
}

#[tokio::test]
async fn who_is_frozen_begins_nothing_and_keeps_what_is_under_way() {
    let deployment = Deployment::start().await;
    let (ada, subject) = customer(&deployment).await;
    let (grace, operator) = admin(&deployment).await;
    let kettle = json!({ "purpose": "purchase", "amount": 1999, "currency": "USD", "pay_by": "browser" });
    let begin = |key: &str| {
        let call = deployment.post("/api/billing/payments").by(&ada);
        call.header("idempotency-key", key).json(kettle.clone())
    };
    let under_way = begin("before").ok().await;
    let freeze = |what: &str, reason: &str| {
        let call = deployment.post(&path(&subject, what)).by(&grace);
        call.json(json!({ "reason": reason }))
    };
    let frozen = freeze("/freeze", "Stolen cards").ok().await;
    assert_eq!(frozen["frozen"]["reason"], "Stolen cards");
    freeze("/freeze", "Once more").ok().await;

    begin("after").refused(409, "billing-frozen").await;
    let setup = deployment.post("/api/billing/payment-methods/setups").by(&ada);
    let setup = setup.header("idempotency-key", "one").json(json!({}));
    setup.refused(409, "billing-frozen").await;
    let same = begin("before").ok().await;
    assert_eq!(same["payment_id"], under_way["payment_id"]);

    let secret = under_way["next_action"]["client_secret"].as_str().unwrap();
    let theirs = VendorRef::parse(secret.strip_suffix("_secret").unwrap()).unwrap();
    assert!(deployment.vendor.pay(&theirs));
    let id = under_way["payment_id"].as_str().unwrap();
    let complete = deployment
        .post(&format!("/api/billing/payments/{id}/complete"))
        .by(&ada);
    let done = complete.ok().await;
    assert_eq!(done["status"], "succeeded", "money that arrives is booked");
    let seen = deployment
        .get("/api/billing/ledger?currency=USD")
        .by(&ada)
        .ok()
        .await;
    assert_eq!(seen["entries"][0]["kind"], "capture");

    let thawed = freeze("/thaw", "It was a mistake").ok().await;
    assert_eq!(thawed["frozen"], Value::Null);
    begin("after").ok().await;
    for whose in [&operator, &subject] {
        let reason = |text: &str| vec![Some(text.to_owned())];
        assert_eq!(
            told(&deployment, whose, "operator_customer_freeze").await,
            reason("Stolen cards")
        );
        assert_eq!(
            told(&deployment, whose, "operator_customer_thaw").await,
            reason("It was a mistake")
        );
    }
}

#[tokio::test]
async fn nobody_but_an_admin_with_a_fresh_proof_does_any_of_it() {
    let deployment = Deployment::start().await;
    let (ada, subject) = customer(&deployment).await;
    let (hopper, other) = with_factor(&deployment, "hopper@example.com").await;
    grant(&deployment, &other, Role::Support).await;
    let (grace, _) = admin(&deployment).await;
    deployment.later(600);
    let charge = json!({ "kind": "charge", "amount": 1500, "currency": "USD", "reason": "Extra seats" });
    for (what, body) in [
        ("/adjustments", charge),
        ("/freeze", json!({ "reason": "x" })),
        ("/thaw", json!({ "reason": "x" })),
    ] {
        for (who, code) in [
            (&ada, "not-an-operator"),
            (&hopper, "operator-role-required"),
            (&grace, "step-up-required"),
        ] {
            let call = deployment.post(&path(&subject, what)).by(who);
            let call = call.header("idempotency-key", "one").json(body.clone());
            call.refused(403, code).await;
        }
    }
}
