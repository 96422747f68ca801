//! The books beside what a vendor reports, over HTTP: begun, listed, decided, and by whom.

use portcullis_core::operators::Role;
use portcullis_ports::money::{Currency, Money};
use serde_json::{Value, json};

use super::client::Person;
use super::deployment::Deployment;
use super::operators::{grant, with_factor};

const RUNS: &str = "/api/operator/billing/reconciliations";
const DIFFERENCES: &str = "/api/operator/billing/differences";

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::parse("USD").unwrap())
}

async fn operator(deployment: &Deployment, email: &str, role: Role) -> (Person, String) {
    let (person, subject) = with_factor(deployment, email).await;
    grant(deployment, &subject, role).await;
    (person, subject)
}

/// Has the vendor compared, and gives the run as it ended.
async fn compared(deployment: &Deployment, who: &Person) -> Value {
    deployment.later(2);
    let begun = deployment.post(RUNS).by(who).json(json!({})).send().await;
    assert_eq!(begun.status, 202, "{}", begun.text);
    let begun = begun.json();
    assert_eq!(
        (&begun["state"], &begun["begun_by"]),
        (&json!("running"), &json!("operator"))
    );
    deployment.app.tasks.drain("reconciliation").await.unwrap();
    let listed = deployment.get(RUNS).by(who).ok().await;
    let run = listed["reconciliations"][0].clone();
    assert_eq!(run["reconciliation_id"], begun["reconciliation_id"]);
    run
}

#[tokio::test]
async fn money_that_came_without_us_is_found_and_adopted_once() {
    let deployment = Deployment::start().await;
    let (support, _) = operator(&deployment, "grace@example.com", Role::Support).await;
    deployment.vendor.paid_elsewhere(usd(500), usd(15));
    let run = compared(&deployment, &support).await;
    assert_eq!(
        (&run["state"], &run["opened"]),
        (&json!("complete"), &json!(1)),
        "{run}"
    );
    let figures = &run["figures"][0];
    assert_eq!(
        (
            &figures["holdings"],
            &figures["ledger"],
            &figures["listed"],
            &figures["remainder"]
        ),
        (&json!(485), &json!(0), &json!(485), &json!(0))
    );
    let open = format!("{DIFFERENCES}?state=open&vendor=main");
    let listed = deployment.get(&open).by(&support).ok().await;
    let found = &listed["differences"][0];
    assert_eq!(
        (&found["kind"], &found["adoptable"]),
        (&json!("missing_here"), &json!(true))
    );
    let decide = format!(
        "{DIFFERENCES}/{}/decide",
        found["difference_id"].as_str().unwrap()
    );

    let (admin, subject) = operator(&deployment, "ada@example.com", Role::Admin).await;
    let adopt = json!({ "decision": "adopt", "reason": "Paid by link", "user_sub": subject });
    let by_support = deployment
        .post(&decide)
        .by(&support)
        .header("idempotency-key", "1")
        .json(adopt.clone());
    by_support.refused(403, "operator-role-required").await;
    let without_key = deployment.post(&decide).by(&admin).json(adopt.clone());
    without_key.refused(400, "idempotency-key-required").await;
    let without_reason = json!({ "decision": "accept", "reason": " " });
    let call = deployment
        .post(&decide)
        .by(&admin)
        .header("idempotency-key", "1")
        .json(without_reason);
    assert_eq!(call.send().await.json()["code"], "invalid-request");
    for _ in 0..2 {
        let call = deployment
            .post(&decide)
            .by(&admin)
            .header("idempotency-key", "1")
            .json(adopt.clone());
        let decided = call.ok().await;
        assert_eq!(
            (&decided["state"], &decided["decided"]["adopted_for"]),
            (&json!("adopted"), &json!(subject))
        );
    }
    let again = deployment
        .post(&decide)
        .by(&admin)
        .header("idempotency-key", "2")
        .json(adopt.clone());
    again.refused(409, "difference-state").await;
    let balance = deployment.get("/api/billing/balance").by(&admin).ok().await;
    assert_eq!(balance["balances"][0]["owed"], -500);
    let listed = deployment.get(&open).by(&support).ok().await;
    assert_eq!(listed["differences"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nobody_but_operators_sees_differences() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    deployment
        .get(RUNS)
        .by(&ada)
        .refused(403, "not-an-operator")
        .await;
    deployment
        .get(DIFFERENCES)
        .by(&ada)
        .refused(403, "not-an-operator")
        .await;
    let (viewer, _) = operator(&deployment, "eve@example.com", Role::Viewer).await;
    let begin = deployment.post(RUNS).by(&viewer).json(json!({}));
    begin.refused(403, "operator-role-required").await;
    let (support, _) = operator(&deployment, "grace@example.com", Role::Support).await;
    for (body, code) in [
        (json!({ "vendor": "other" }), "payment-vendor-unclear"),
        (json!({ "from": 5, "to": 5 }), "invalid-request"),
        (json!({ "day": "today" }), "invalid-request"),
    ] {
        let refused = deployment.post(RUNS).by(&support).json(body).send().await.json();
        assert_eq!(refused["code"], code, "{refused}");
    }
    let forged = format!("{DIFFERENCES}?cursor=AAAA");
    let refused = deployment.get(&forged).by(&support).send().await.json();
    assert_eq!(refused["code"], "invalid-cursor");
}
