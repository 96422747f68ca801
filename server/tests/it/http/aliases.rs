//! The paths of the replaced service over HTTP: its requests, its answers, and what they say of themselves.

use portcullis_ports::money::Currency;
use portcullis_ports::payments::{StoredMethod, VendorRef};
use portcullis_ports::testkit::payments::{PaymentFault, methods};
use serde_json::{Value, json};

use super::client::{Call, Person};
use super::deployment::Deployment;

async fn shop() -> (Deployment, Person) {
    let deployment = Deployment::with(|plan| {
        plan.payment_plugins = vec![("main", "stripe")];
        plan.development = true;
        plan.settings.billing.default_currency = Some(Currency::parse("USD").unwrap());
    });
    let deployment = deployment.await;
    let ada = deployment.person("ada@example.com").await;
    (deployment, ada)
}

fn theirs(secret: &str) -> VendorRef {
    VendorRef::parse(secret.strip_suffix("_secret").unwrap()).unwrap()
}

/// Adds a card, and gives its id.
async fn card(deployment: &Deployment, ada: &Person, key: &str) -> String {
    let setups = "/api/billing/payment-methods/setups";
    let begin = deployment.post(setups).by(ada).header("idempotency-key", key);
    let setup = begin.json(json!({})).ok().await;
    let secret = setup["next_action"]["client_secret"].as_str().unwrap();
    deployment.vendor.enter_card(&theirs(secret)).unwrap();
    let id = setup["setup_id"].as_str().unwrap();
    let complete = deployment.post(&format!("{setups}/{id}/complete")).by(ada);
    let done = complete.json(json!({})).ok().await;
    done["payment_method_id"].as_str().unwrap().to_owned()
}

fn post<'a>(deployment: &'a Deployment, ada: &Person, path: &str, body: Value) -> Call<'a> {
    deployment.post(path).by(ada).json(body)
}

#[tokio::test]
async fn a_stored_card_is_charged_once_under_either_name_of_its_field() {
    let (deployment, ada) = shop().await;
    let method = card(&deployment, &ada, "one").await;
    for (path, field, key) in [
        ("/api/billing/charge-once", "payment_token_id", "one"),
        ("/ui/billing/charge-once", "payment_method_id", "two"),
    ] {
        let mut body = json!({ "amount_cents": 700, "description": "Plum kettle", "idempotency_key": key });
        body[field] = json!(method);
        let paid = post(&deployment, &ada, path, body.clone()).ok().await;
        assert_eq!(paid["status"], "succeeded", "{paid}");
        let again = post(&deployment, &ada, path, body).ok().await;
        assert_eq!(again["payment_intent_id"], paid["payment_intent_id"]);
    }
    assert_eq!(deployment.vendor.payments().len(), 2);
    let listed = deployment.get("/ui/billing/payments?limit=0").by(&ada).ok().await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "0 counts as 1");
    let listed = deployment
        .get("/ui/billing/payments?limit=1000")
        .by(&ada)
        .ok()
        .await;
    let newest = &listed["items"][0];
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&newest["amount_cents"], &newest["currency"], &newest["status"]),
        (&json!(700), &json!("USD"), &json!("succeeded"))
    );
}

#[tokio::test]
async fn without_a_key_an_equal_payment_that_is_open_is_refused() {
    let (deployment, ada) = shop().await;
    card(&deployment, &ada, "one").await;
    let body = json!({ "amount_cents": 900 });
    let checkout = async || post(&deployment, &ada, "/ui/billing/checkout_session", body.clone());
    let begun = checkout().await.ok().await;
    assert!(begun["url"].as_str().unwrap().starts_with("https://"), "{begun}");
    let refused = checkout().await.refused(409, "payment-in-progress").await;
    assert!(refused["payment_id"].as_str().unwrap().starts_with("pay_"));
    assert_eq!(deployment.vendor.payments().len(), 1);
    let paid = post(&deployment, &ada, "/ui/billing/charge-once", body.clone());
    paid.refused(409, "payment-in-progress").await;
    let other = post(
        &deployment,
        &ada,
        "/ui/billing/charge-once",
        json!({ "amount_cents": 901 }),
    );
    assert_eq!(other.ok().await["status"], "succeeded");
    let next = post(
        &deployment,
        &ada,
        "/ui/billing/charge-once",
        json!({ "amount_cents": 901 }),
    );
    assert_eq!(
        next.ok().await["status"],
        "succeeded",
        "what is over is no hindrance"
    );
}

#[tokio::test]
async fn what_became_of_a_page_is_told_as_of_any_payment() {
    let (deployment, ada) = shop().await;
    let checkout = |key: &str| {
        let body = json!({ "amount_cents": 900, "idempotency_key": key });
        post(&deployment, &ada, "/ui/billing/checkout_session", body)
    };
    deployment.vendor.will(PaymentFault::Refused);
    for _ in 0..2 {
        checkout("away").refused(503, "payment-vendor-unavailable").await;
    }
    assert!(deployment.vendor.payments().is_empty());

    let begun = checkout("page").ok().await;
    assert_eq!(checkout("page").ok().await, begun);
    let page = VendorRef::parse(begun["session_id"].as_str().unwrap()).unwrap();
    assert!(deployment.vendor.pay(&page));
    checkout("page").refused(409, "payment-state").await;

    deployment.vendor.will(PaymentFault::RequestLost);
    let open = checkout("lost").refused(409, "payment-in-progress").await;
    assert!(open["payment_id"].as_str().unwrap().starts_with("pay_"));
    assert_eq!(deployment.vendor.payments().len(), 1);
}

#[tokio::test]
async fn a_declined_charge_is_an_answer_and_a_vendor_that_is_away_a_refusal() {
    let (deployment, ada) = shop().await;
    card(&deployment, &ada, "one").await;
    let charge = |key: &str| {
        let body = json!({ "amount_cents": 700, "idempotency_key": key });
        post(&deployment, &ada, "/api/billing/charge-once", body)
    };
    deployment.vendor.will(PaymentFault::Refused);
    charge("away").refused(503, "payment-vendor-unavailable").await;
    let stored = deployment.vendor.methods().remove(0).reference.theirs;
    let other = VendorRef::parse("pm_of_another_account").unwrap();
    let forget = |method: &mut StoredMethod| method.reference.theirs = other;
    assert!(deployment.vendor.change_method(&stored, forget));
    let failed = charge("declined").ok().await;
    assert_eq!(failed["status"], "failed", "{failed}");
    assert!(!failed["reason"].as_str().unwrap().is_empty(), "{failed}");
}

#[tokio::test]
async fn an_amount_that_is_not_taken_is_named_as_it_was_sent() {
    let (deployment, ada) = shop().await;
    let body = json!({ "amount_cents": 49 });
    let refused = post(&deployment, &ada, "/ui/billing/checkout_session", body)
        .refused(400, "amount-not-taken")
        .await;
    assert_eq!(refused["errors"][0]["pointer"], "/amount_cents", "{refused}");
}

#[tokio::test]
async fn the_balance_is_paid_and_told_as_it_was() {
    let (deployment, ada) = shop().await;
    card(&deployment, &ada, "one").await;
    let nothing = post(&deployment, &ada, "/ui/billing/pay-balance", json!({}))
        .ok()
        .await;
    assert_eq!(nothing["status"], "no_settled_balance_due");
    let charge =
        |amount: i64, state: &str| json!({ "amount_cents": amount, "state": state, "reason": "usage" });
    let added = post(
        &deployment,
        &ada,
        "/ui/billing/_dev/add-charge",
        charge(1200, "settled"),
    );
    assert_eq!(added.ok().await["ok"], true);
    post(
        &deployment,
        &ada,
        "/api/billing/_dev/add-charge",
        charge(300, "pending"),
    )
    .ok()
    .await;
    let part = json!({ "amount_cents": 200, "idempotency_key": "part" });
    let paid = post(&deployment, &ada, "/api/billing/pay-balance", part)
        .ok()
        .await;
    assert_eq!(paid["status"], "succeeded");
    let balance = deployment.get("/ui/billing/balance").by(&ada).ok().await;
    for (field, minor) in [
        ("owed_pending_cents", 300),
        ("owed_settled_cents", 1200),
        ("payments_pending_cents", 0),
        ("payments_settled_cents", 200),
        ("due_settled_cents", 1000),
        ("due_if_all_settles_cents", 1300),
    ] {
        assert_eq!(balance[field], minor, "{field}");
    }
    let beyond = json!({ "amount_cents": 5000, "idempotency_key": "rest" });
    post(&deployment, &ada, "/ui/billing/pay-balance", beyond)
        .ok()
        .await;
    let balance = deployment.get("/ui/billing/balance").by(&ada).ok().await;
    assert_eq!(balance["due_settled_cents"], 0, "no more than is due is paid");
    let ledger = deployment.get("/ui/billing/ledger").by(&ada).ok().await;
    let told: Vec<_> = ledger["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["type"].as_str().unwrap(),
                item["state"].as_str().unwrap(),
                item["amount_cents"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("credit", "settled", 1000),
            ("credit", "settled", 200),
            ("debit", "pending", 300),
            ("debit", "settled", 1200),
        ]
    );
}

#[tokio::test]
async fn a_key_stands_for_its_payment_whatever_is_due_by_then() {
    let (deployment, ada) = shop().await;
    let wanted = || json!({ "amount_cents": 5000, "idempotency_key": "november" });
    let pay = || post(&deployment, &ada, "/api/billing/pay-balance", wanted());
    let charge = async |amount: i64| {
        let body = json!({ "amount_cents": amount, "state": "settled" });
        let path = "/api/billing/_dev/add-charge";
        post(&deployment, &ada, path, body).ok().await;
    };
    assert_eq!(
        pay().ok().await["status"],
        "no_settled_balance_due",
        "without a card"
    );
    card(&deployment, &ada, "one").await;
    assert_eq!(pay().ok().await["status"], "no_settled_balance_due");
    charge(1200).await;
    let paid = pay().ok().await;
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(pay().ok().await, paid, "nothing is due any more");
    charge(300).await;
    assert_eq!(pay().ok().await, paid, "something else is due");
    let other = json!({ "amount_cents": 4000, "idempotency_key": "november" });
    post(&deployment, &ada, "/api/billing/pay-balance", other)
        .refused(400, "idempotency-key-reused")
        .await;
    let balance = deployment.get("/ui/billing/balance").by(&ada).ok().await;
    assert_eq!(balance["due_settled_cents"], 300);
    let part = json!({ "amount_cents": 200, "idempotency_key": "december" });
    post(&deployment, &ada, "/api/billing/pay-balance", part)
        .ok()
        .await;
    let balance = deployment.get("/ui/billing/balance").by(&ada).ok().await;
    assert_eq!(balance["due_settled_cents"], 100, "no more than was asked for");
    let none = json!({ "amount_cents": 0 });
    let refused = post(&deployment, &ada, "/api/billing/pay-balance", none)
        .refused(400, "invalid-request")
        .await;
    assert_eq!(refused["errors"][0]["pointer"], "/amount_cents");
}

#[tokio::test]
async fn cards_and_bank_accounts_are_added_by_the_secret_alone() {
    let (deployment, ada) = shop().await;
    let secret = deployment
        .post("/ui/billing/setup-intent/card")
        .by(&ada)
        .ok()
        .await;
    let again = deployment
        .post("/api/billing/setup-intent/card")
        .by(&ada)
        .ok()
        .await;
    assert_eq!(again, secret, "a page that is opened again begins nothing new");
    let secret = deployment
        .post("/api/billing/setup-intent/us-bank")
        .by(&ada)
        .ok()
        .await;
    let secret = secret["client_secret"].as_str().unwrap();
    assert!(deployment.vendor.enter_bank_account(&theirs(secret)));
    let name = secret.strip_suffix("_secret").unwrap();
    let verify = |body: Value| {
        post(
            &deployment,
            &ada,
            "/ui/billing/us-bank/verify-microdeposits",
            body,
        )
    };
    verify(json!({ "setup_intent_id": name }))
        .refused(400, "invalid-request")
        .await;
    verify(json!({ "setup_intent_id": "seti_of_somebody", "amounts": [32, 45] }))
        .refused(404, "payment-method-setup-not-found")
        .await;
    let bob = deployment.person("bob@example.com").await;
    post(
        &deployment,
        &bob,
        "/ui/billing/us-bank/verify-microdeposits",
        json!({ "setup_intent_id": name, "amounts": [32, 45] }),
    )
    .refused(404, "payment-method-setup-not-found")
    .await;
    let waiting = verify(json!({ "setup_intent_id": name, "amounts": [1, 2] }))
        .send()
        .await;
    assert_eq!(waiting.status, 402, "{}", waiting.text);
    let config = deployment.get("/ui/billing/config").ok().await;
    assert_eq!(config["currency"], "USD");
}

#[tokio::test]
async fn methods_are_ordered_chosen_and_removed() {
    let (deployment, ada) = shop().await;
    let method = card(&deployment, &ada, "one").await;
    let prefix = "/ui/billing/payment-methods";
    let priority = json!({ "payment_token_id": method, "priority": 7 });
    let done = post(&deployment, &ada, &format!("{prefix}/priority"), priority)
        .ok()
        .await;
    assert_eq!(done, json!({ "ok": true }));
    let default = json!({ "payment_method_id": method });
    post(&deployment, &ada, &format!("{prefix}/default"), default)
        .ok()
        .await;
    let listed = deployment.get(prefix).by(&ada).ok().await;
    assert_eq!(
        (
            &listed[0]["priority"],
            &listed[0]["is_default"],
            &listed[0]["last4"]
        ),
        (&json!(7), &json!(true), &json!("4242"))
    );
    deployment
        .call("DELETE", &format!("{prefix}/{method}"))
        .by(&ada)
        .ok()
        .await;
    assert_eq!(deployment.get(prefix).by(&ada).ok().await, json!([]));
}

#[tokio::test]
async fn every_answer_says_that_its_path_is_deprecated_and_what_to_call_instead() {
    let (deployment, ada) = shop().await;
    let link = |path: &str| format!("<{path}>; rel=\"successor-version\"");
    for (call, status, successor) in [
        (
            deployment.get("/ui/billing/balance").by(&ada),
            200,
            "/api/billing/balance",
        ),
        (deployment.get("/ui/billing/balance"), 401, "/api/billing/balance"),
        (
            post(
                &deployment,
                &ada,
                "/api/billing/charge-once",
                json!({ "amount_cents": 0 }),
            ),
            400,
            "/api/billing/payments",
        ),
        (
            deployment.post("/api/stripe/webhook"),
            404,
            "/webhooks/payments/{instance}",
        ),
    ] {
        let answer = call.send().await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_eq!(answer.header("deprecation"), "@1767225600", "{}", answer.text);
        assert_eq!(answer.header("link"), link(successor));
    }
    let neutral = deployment.get("/api/billing/balance").by(&ada).send().await;
    assert_eq!((neutral.header("deprecation"), neutral.header("link")), ("", ""));
}

#[tokio::test]
async fn a_plugin_means_its_only_instance_and_nothing_else() {
    for (plugins, names) in [
        (
            vec![("main", "memory")],
            "No payment vendor of the plugin `stripe`",
        ),
        (vec![("main", "stripe"), ("second", "stripe")], "main, second"),
    ] {
        let deployment = Deployment::with(|plan| plan.payment_plugins = plugins).await;
        let ada = deployment.person("ada@example.com").await;
        let charge = json!({ "amount_cents": 700 });
        for call in [
            deployment.post("/ui/billing/setup-intent/card").by(&ada),
            deployment.get("/ui/billing/payment-methods").by(&ada),
            post(&deployment, &ada, "/ui/billing/charge-once", charge),
            deployment.get("/ui/billing/config"),
        ] {
            let refused = call.refused(409, "payment-vendor-unclear").await;
            let detail = refused["detail"].as_str().unwrap();
            assert!(detail.contains(names), "{detail}");
        }
        assert!(deployment.vendor.payments().is_empty());
    }
}

#[tokio::test]
async fn fields_that_nobody_knows_are_refused_and_nothing_is_charged() {
    let (deployment, ada) = shop().await;
    card(&deployment, &ada, "one").await;
    for (path, body) in [
        (
            "/api/billing/charge-once",
            json!({ "amount_cents": 700, "token": methods::SUCCEEDS }),
        ),
        (
            "/ui/billing/pay-balance",
            json!({ "card_number": "4242424242424242" }),
        ),
        (
            "/ui/billing/checkout_session",
            json!({ "amount_cents": 700, "price": 1 }),
        ),
        ("/ui/billing/checkout_session", json!({ "amount_cents": -1 })),
        (
            "/ui/billing/_dev/add-charge",
            json!({ "amount_cents": 1, "state": "settled", "user": "usr_bob" }),
        ),
        (
            "/ui/billing/_dev/add-charge",
            json!({ "amount_cents": 1, "state": "reversed" }),
        ),
        (
            "/api/billing/charge-once",
            json!({ "amount_cents": 700, "idempotency_key": "two words" }),
        ),
        ("/api/billing/charge-once", json!({ "amount_cents": 7.5 })),
    ] {
        post(&deployment, &ada, path, body)
            .refused(400, "invalid-request")
            .await;
    }
    assert!(deployment.vendor.payments().is_empty());
}

#[tokio::test]
async fn nobody_puts_anything_on_a_balance_outside_of_development() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let body = json!({ "amount_cents": 1200, "state": "settled" });
    for path in ["/api/billing/_dev/add-charge", "/ui/billing/_dev/add-charge"] {
        let call = post(&deployment, &ada, path, body.clone());
        call.refused(404, "not-found").await;
    }
    let balance = deployment.get("/api/billing/balance").by(&ada).ok().await;
    assert_eq!(balance, json!({ "balances": [] }));
}
