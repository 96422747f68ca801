//! What operators see of a payment and of what vendors told, over HTTP.

use portcullis_core::operators::Role;
use portcullis_ports::payments::VendorRef;
use serde_json::{Value, json};

use super::client::Person;
use super::deployment::Deployment;
use super::operators::{grant, with_factor};

const INBOX: &str = "/api/operator/inbox";

async fn operator(deployment: &Deployment, email: &str, role: Role) -> Person {
    let (person, subject) = with_factor(deployment, email).await;
    grant(deployment, &subject, role).await;
    person
}

/// A report of a sender's vendor about a message that is not ours.
async fn foreign(deployment: &Deployment, event: &str) {
    let call = deployment.post("/webhooks/senders/main");
    let call = call.header("x-vendor-proof", "genuine");
    let call = call.body("text/plain", format!("{event} 7000 not-ours delivered"));
    assert_eq!(call.send().await.status, 204);
    deployment.run_tasks("sender-events").await;
}

fn ids(page: &Value) -> Vec<&str> {
    let events = page["events"].as_array().unwrap().iter();
    events
        .map(|event| event["vendor_event"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_operator_reads_everything_that_happened_to_a_payment() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let body = json!({ "purpose": "purchase", "amount": 1999, "currency": "USD", "pay_by": "browser" });
    let begin = deployment.post("/api/billing/payments").by(&ada);
    let payment = begin.header("idempotency-key", "one").json(body).ok().await;
    let secret = payment["next_action"]["client_secret"].as_str().unwrap();
    let theirs = VendorRef::parse(secret.strip_suffix("_secret").unwrap()).unwrap();
    assert!(deployment.vendor.pay(&theirs));
    let id = payment["payment_id"].as_str().unwrap();
    let complete = deployment.post(&format!("/api/billing/payments/{id}/complete"));
    complete.by(&ada).ok().await;

    let path = format!("/api/operator/billing/payments/{id}/timeline");
    deployment
        .get(&path)
        .by(&ada)
        .refused(403, "not-an-operator")
        .await;
    let grace = operator(&deployment, "grace@example.com", Role::Viewer).await;
    let timeline = deployment.get(&path).by(&grace).ok().await;
    assert_eq!(
        (&timeline["payment_id"], &timeline["complete"]),
        (&json!(id), &json!(true))
    );
    let items = timeline["items"].as_array().unwrap();
    let kinds: Vec<_> = items.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds[..5], ["begun", "call", "answer", "status", "status"]);
    assert_eq!(
        (&items[1]["step"], &items[1]["call"], &items[2]["outcome"]),
        (&json!("charge"), &json!(1), &json!("answered"))
    );
    let captured = items.iter().find(|item| item["entry_kind"] == "capture").unwrap();
    assert_eq!(
        captured["postings"],
        json!([{ "debit": "processor/main", "credit": "customer", "minor": 1999 }])
    );
    assert!(captured["transaction_id"].as_str().unwrap().starts_with("txn_"));
    let nobody = "/api/operator/billing/payments/pay_00000000000000000000000000/timeline";
    deployment
        .get(nobody)
        .by(&grace)
        .refused(404, "payment-not-found")
        .await;
}

#[tokio::test]
async fn events_are_listed_newest_first_page_by_page_and_read_without_what_was_delivered() {
    let deployment = Deployment::start().await;
    let grace = operator(&deployment, "grace@example.com", Role::Viewer).await;
    for event in ["one", "two", "three"] {
        foreign(&deployment, event).await;
        deployment.later(1);
    }
    let all = deployment.get(INBOX).by(&grace).ok().await;
    assert_eq!(ids(&all), ["three", "two", "one"]);
    assert_eq!(all["next_cursor"], Value::Null);
    let first = deployment.get(&format!("{INBOX}?limit=2")).by(&grace).ok().await;
    assert_eq!(ids(&first), ["three", "two"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = format!("{INBOX}?limit=2&cursor={cursor}");
    let rest = deployment.get(&rest).by(&grace).ok().await;
    assert_eq!(ids(&rest), ["one"]);
    for (query, found) in [
        ("state=foreign", 3),
        ("state=dead", 0),
        ("port=payments", 0),
        ("port=senders&instance=main", 3),
        ("instance=other", 0),
    ] {
        let page = deployment.get(&format!("{INBOX}?{query}")).by(&grace).ok().await;
        assert_eq!(ids(&page).len(), found, "{query}");
    }
    let other_list = format!("{INBOX}?state=foreign&cursor={cursor}");
    deployment
        .get(&other_list)
        .by(&grace)
        .refused(400, "invalid-cursor")
        .await;
    let unlisted = deployment.get(&format!("{INBOX}?state=applied")).by(&grace);
    assert_eq!(unlisted.send().await.status, 400);

    let event = &all["events"][0];
    assert_eq!(
        (
            &event["state"],
            &event["port"],
            &event["instance"],
            &event["replayable"]
        ),
        (&json!("foreign"), &json!("senders"), &json!("main"), &json!(true))
    );
    let path = format!("{INBOX}/{}", event["event_id"].as_str().unwrap());
    let read = deployment.get(&path).by(&grace).ok().await;
    assert_eq!(&read, event);
    assert!(
        !read.to_string().contains("not-ours"),
        "the delivery is not shown"
    );
    deployment
        .get(&format!("{INBOX}/{}", "0".repeat(64)))
        .by(&grace)
        .refused(404, "event-not-found")
        .await;
}

#[tokio::test]
async fn an_event_is_replayed_by_whoever_may_and_that_stands_in_the_history() {
    let deployment = Deployment::start().await;
    foreign(&deployment, "one").await;
    let viewer = operator(&deployment, "grace@example.com", Role::Viewer).await;
    let listed = deployment.get(INBOX).by(&viewer).ok().await;
    let id = listed["events"][0]["event_id"].as_str().unwrap();
    let replay = format!("{INBOX}/{id}/replay");
    deployment
        .post(&replay)
        .by(&viewer)
        .refused(403, "operator-role-required")
        .await;
    let (hopper, subject) = with_factor(&deployment, "hopper@example.com").await;
    grant(&deployment, &subject, Role::Support).await;
    let replayed = deployment.post(&replay).by(&hopper).ok().await;
    assert_eq!(replayed["state"], "stored");
    let waiting = deployment.get(INBOX).by(&viewer).ok().await;
    assert_eq!(ids(&waiting), Vec::<&str>::new());
    deployment.run_tasks("sender-events").await;
    let again = deployment.get(INBOX).by(&viewer).ok().await;
    assert_eq!(ids(&again), ["one"]);

    let history = deployment
        .app
        .audit
        .entries(&subject.parse().unwrap())
        .await
        .unwrap();
    let told: Vec<_> = history
        .iter()
        .filter(|entry| entry.event == "operator_event_replay")
        .map(|entry| (entry.details["plugin"].as_str(), entry.details["event"].as_str()))
        .collect();
    assert_eq!(told, [("senders.main", "one")]);
    deployment.later(600);
    deployment
        .post(&replay)
        .by(&hopper)
        .refused(403, "step-up-required")
        .await;
}
