//! Stored payment methods over HTTP: added at a vendor in memory, chosen, put in order, removed.

use portcullis_ports::payments::VendorRef;
use serde_json::{Value, json};

use super::client::Person;
use super::deployment::Deployment;

const METHODS: &str = "/api/billing/payment-methods";

async fn begun(deployment: &Deployment, person: &Person, key: &str) -> Value {
    let call = deployment.post(&format!("{METHODS}/setups")).by(person);
    call.header("idempotency-key", key).json(json!({})).ok().await
}

/// The vendor's name of a setup, which only its script knows: its secret begins with it.
fn theirs(setup: &Value) -> VendorRef {
    let secret = setup["next_action"]["client_secret"].as_str().unwrap();
    VendorRef::parse(secret.strip_suffix("_secret").unwrap()).unwrap()
}

async fn completed(deployment: &Deployment, person: &Person, setup: &Value, body: Value) -> Value {
    let id = setup["setup_id"].as_str().unwrap();
    let call = deployment
        .post(&format!("{METHODS}/setups/{id}/complete"))
        .by(person);
    call.json(body).ok().await
}

/// Adds a card, and gives its id.
async fn card(deployment: &Deployment, person: &Person, key: &str) -> String {
    let setup = begun(deployment, person, key).await;
    deployment.vendor.enter_card(&theirs(&setup)).unwrap();
    let done = completed(deployment, person, &setup, json!({})).await;
    assert_eq!(done["status"], "succeeded");
    done["payment_method_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_card_is_added_and_listed() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    assert_eq!(deployment.get(METHODS).by(&ada).ok().await, json!([]));
    let setup = begun(&deployment, &ada, "\"one\"").await;
    assert_eq!(setup["status"], "requires_action");
    assert_eq!(setup["next_action"]["type"], "confirm");
    let again = begun(&deployment, &ada, "one").await;
    assert_eq!(again, setup, "the same key is the same intent, in quotes or not");
    let path = format!("{METHODS}/setups/{}", setup["setup_id"].as_str().unwrap());
    let read = deployment.get(&path).by(&ada).ok().await;
    assert_eq!(
        read["next_action"],
        Value::Null,
        "the secret stands in no other answer"
    );

    deployment.vendor.enter_card(&theirs(&setup)).unwrap();
    let done = completed(&deployment, &ada, &setup, json!({})).await;
    let listed = deployment.get(METHODS).by(&ada).ok().await;
    assert_eq!(
        listed,
        json!([{
            "payment_method_id": done["payment_method_id"],
            "vendor": "main",
            "method_type": "card",
            "label": "Visa",
            "brand": "Visa",
            "last4": "4242",
            "exp_month": 12,
            "exp_year": 2040,
            "priority": 0,
            "is_default": true,
            "status": "active",
            "reason": null,
            "stored_at": 1_790_000_000,
        }])
    );
}

#[tokio::test]
async fn either_name_of_the_id_is_taken_and_no_unknown_field() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let (first, second) = (
        card(&deployment, &ada, "1").await,
        card(&deployment, &ada, "2").await,
    );
    let post = |what: &str, body: Value| deployment.post(&format!("{METHODS}/{what}")).by(&ada).json(body);
    let ok = json!({ "ok": true });
    assert_eq!(
        post("default", json!({ "payment_token_id": second })).ok().await,
        ok
    );
    let body = json!({ "payment_method_id": first, "priority": 9 });
    assert_eq!(post("priority", body).ok().await, ok);
    let listed = deployment.get(METHODS).by(&ada).ok().await;
    assert_eq!(listed[0]["payment_method_id"], json!(second));
    assert_eq!(
        (&listed[0]["is_default"], &listed[1]["priority"]),
        (&json!(true), &json!(9))
    );

    for (what, body) in [
        (
            "default",
            json!({ "payment_method_id": first, "payment_token_id": second }),
        ),
        ("default", json!({ "payment_method_id": first, "vendor": "main" })),
        ("default", json!({})),
        ("default", json!({ "payment_method_id": "pm_1" })),
        ("priority", json!({ "payment_method_id": first, "priority": -1 })),
        (
            "priority",
            json!({ "payment_method_id": first, "priority": 100_001 }),
        ),
        ("priority", json!({ "payment_method_id": first, "priority": 1.5 })),
        ("priority", json!({ "payment_method_id": first, "priority": "1" })),
    ] {
        post(what, body).refused(400, "invalid-request").await;
    }
    let unknown = json!({ "payment_method_id": "pm_01h2xcejqtf2nbrexx3vqjhp41" });
    post("default", unknown)
        .refused(404, "payment-method-not-found")
        .await;

    let path = format!("{METHODS}/{second}");
    assert_eq!(deployment.call("DELETE", &path).by(&ada).ok().await, ok);
    deployment
        .call("DELETE", &path)
        .by(&ada)
        .refused(404, "payment-method-not-found")
        .await;
    let listed = deployment.get(METHODS).by(&ada).ok().await;
    assert_eq!(
        (listed.as_array().unwrap().len(), &listed[0]["is_default"]),
        (1, &json!(true))
    );
}

#[tokio::test]
async fn adding_needs_a_key_and_a_fresh_proof() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let setups = format!("{METHODS}/setups");
    let call = || deployment.post(&setups).by(&ada).json(json!({}));
    call().refused(400, "idempotency-key-required").await;
    for wrong in ["", "a b", &"x".repeat(300)] {
        let refused = call().header("idempotency-key", wrong);
        refused.refused(400, "invalid-request").await;
    }
    let id = card(&deployment, &ada, "1").await;
    let other = call()
        .header("idempotency-key", "1")
        .json(json!({ "kinds": ["card"] }));
    other.refused(400, "idempotency-key-reused").await;
    deployment.later(601);
    let late = call().header("idempotency-key", "2");
    late.refused(403, "step-up-required").await;
    let path = format!("{METHODS}/{id}");
    deployment
        .call("DELETE", &path)
        .by(&ada)
        .refused(403, "step-up-required")
        .await;
}

#[tokio::test]
async fn a_bank_account_is_proven_by_two_amounts() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let setup = begun(&deployment, &ada, "1").await;
    assert!(deployment.vendor.enter_bank_account(&theirs(&setup)));
    let waiting = completed(&deployment, &ada, &setup, json!({})).await;
    assert_eq!(waiting["next_action"]["type"], "microdeposits");
    assert_eq!(waiting["next_action"]["deposits"], "amounts");
    let path = format!(
        "{METHODS}/setups/{}/complete",
        setup["setup_id"].as_str().unwrap()
    );
    let tell = |body: Value| deployment.post(&path).by(&ada).json(body);
    tell(json!({ "amounts": [32] }))
        .refused(400, "invalid-request")
        .await;
    tell(json!({ "amounts": [32, 45], "else": 1 }))
        .refused(400, "invalid-request")
        .await;
    tell(json!({ "amounts": [32, 46] }))
        .refused(402, "payment-method-setup-declined")
        .await;
    assert_eq!(
        tell(json!({ "amounts": [32, 45] })).ok().await["status"],
        "succeeded"
    );
    let listed = deployment.get(METHODS).by(&ada).ok().await;
    assert_eq!(listed[0]["method_type"], "us_bank_debit");
}

#[tokio::test]
async fn one_person_sees_and_touches_nothing_of_another() {
    let deployment = Deployment::start().await;
    let (ada, eve) = (
        deployment.person("ada@example.com").await,
        deployment.person("eve@example.com").await,
    );
    let setup = begun(&deployment, &ada, "1").await;
    let path = format!("{METHODS}/setups/{}", setup["setup_id"].as_str().unwrap());
    let not_found = "payment-method-setup-not-found";
    deployment.get(&path).by(&eve).refused(404, not_found).await;
    let complete = deployment.post(&format!("{path}/complete")).by(&eve);
    complete.json(json!({})).refused(404, not_found).await;
    let id = card(&deployment, &ada, "2").await;
    deployment
        .call("DELETE", &format!("{METHODS}/{id}"))
        .by(&eve)
        .refused(404, "payment-method-not-found")
        .await;
    assert_eq!(deployment.get(METHODS).by(&eve).ok().await, json!([]));
}

#[tokio::test]
async fn everybody_may_know_how_a_page_talks_to_the_vendors() {
    let deployment = Deployment::start().await;
    let config = deployment.get("/api/billing/config").ok().await;
    let vendor = &config["vendors"][0];
    assert_eq!(config["publishable_key"], "pk_fake");
    assert_eq!(
        (&vendor["name"], &vendor["live"]),
        (&json!("main"), &json!(false))
    );
    assert_eq!(vendor["script"], "https://vendor.example/script.js");
    for offer in ["charge_stored", "setup_in_browser", "microdeposits"] {
        assert!(
            vendor["offers"].as_array().unwrap().contains(&json!(offer)),
            "{vendor}"
        );
    }
    assert!(
        !vendor["offers"]
            .as_array()
            .unwrap()
            .contains(&json!("setup_by_redirect"))
    );
    let taken = vendor["currencies"].as_array().unwrap();
    let yen = taken.iter().find(|one| one["currency"] == "JPY").unwrap();
    assert_eq!(
        yen,
        &json!({ "currency": "JPY", "digits": 0, "min": 50, "max": 99_999_999, "step": 1 })
    );
    assert!(!config.to_string().contains("secret"), "{config}");
}
