//! Subscriptions that vendors collect, over HTTP against the simulators of PayPal and CCBill.

use std::sync::Arc;
use std::time::Duration;

use portcullis_core::operators::Role;
use portcullis_core::sessions;
use portcullis_ports::Span;
use portcullis_ports::http::{HttpMethod, HttpRequest};
use portcullis_ports::payments::Payments;
use portcullis_ports::simulation::Simulator as Vendors;
use portcullis_ports::testkit::{FakeRuntime, Vendor, VendorClient};
use portcullis_provider_ccbill::simulator as ccbill;
use portcullis_provider_paypal::simulator::{self as paypal, DeliveryFault};
use serde_json::{Value, json};

use super::client::Person;
use super::deployment::Deployment;
use super::operators::{grant, with_factor};

const SUBSCRIPTIONS: &str = "/api/billing/subscriptions";
const DAY: u64 = 86_400;

struct Club<V> {
    deployment: Deployment,
    runtime: FakeRuntime,
    vendor: Arc<V>,
    admin: Person,
    ada: Person,
}

impl<V: Vendor + Vendors> Club<V> {
    async fn open(plugin: &'static str, settings: Value, vendor: impl FnOnce(&FakeRuntime) -> V) -> Self {
        let mut runtime = FakeRuntime::default();
        let vendor = Arc::new(vendor(&runtime));
        runtime.http = Arc::new(VendorClient::new(Arc::clone(&vendor)));
        let connected = runtime.connect::<Payments>(plugin, settings).await.unwrap();
        let deployment = Deployment::with(|plan| {
            plan.payments = Some(connected);
            plan.settings.sessions = sessions::Settings {
                lifetime: Span::days(3_650),
                idle: Span::days(3_650),
                step_up: Span::days(3_650),
                ..sessions::Settings::default()
            };
        })
        .await;
        let (admin, subject) = with_factor(&deployment, "root@example.com").await;
        grant(&deployment, &subject, Role::Admin).await;
        let ada = deployment.person("ada@example.com").await;
        runtime.clock.advance(Duration::from_secs(62));
        Self {
            deployment,
            runtime,
            vendor,
            admin,
            ada,
        }
    }

    async fn offer(&self, more: Value) {
        let mut plan = json!({
            "plan_id": "pro", "name": "Pro", "collector": "main",
            "entitlements": [{ "name": "projects", "limit": null }],
            "prices": [{ "currency": "USD", "amount": 2000 }],
        });
        plan.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let made = self.deployment.post("/api/operator/plans").by(&self.admin);
        assert_eq!(made.json(plan).ok().await["collector"], "main");
    }

    async fn subscribe(&self) -> Value {
        let call = self.deployment.post(SUBSCRIPTIONS).by(&self.ada);
        let call = call.header("idempotency-key", "one");
        call.json(json!({ "plan_id": "pro" })).ok().await
    }

    /// So much time goes by on both sides. Whoever comes back then has a new access token.
    async fn later(&mut self, seconds: u64) {
        self.deployment.later(seconds);
        self.runtime.clock.advance(Duration::from_secs(seconds));
        self.ada.sign_in(&self.deployment).await;
    }

    /// What the vendor posted arrives, and is applied.
    async fn hear(&self) {
        for posted in self.vendor.deliveries() {
            let more = posted.url.clone().unwrap_or_default();
            let mut call = self.deployment.post(&format!("/webhooks/payments/main{more}"));
            for (name, value) in posted.headers.iter().filter(|(name, _)| name != "content-type") {
                call = call.header(name, value);
            }
            let answer = call.body("application/json", posted.body.clone()).send().await;
            assert_eq!(answer.status, 204, "{}", answer.text);
        }
        self.deployment.run_tasks("payment-events").await;
    }

    async fn follow(&self) {
        for kind in ["vendor-subscriptions", "payments-watch", "renewals"] {
            self.deployment.run_tasks(kind).await;
        }
    }

    async fn read(&self, id: &Value) -> Value {
        let path = format!("{SUBSCRIPTIONS}/{}", id.as_str().unwrap());
        self.deployment.get(&path).by(&self.ada).ok().await
    }

    async fn act(&self, id: &Value, act: &str, body: Value) -> Value {
        let path = format!("{SUBSCRIPTIONS}/{}/{act}", id.as_str().unwrap());
        self.deployment.post(&path).by(&self.ada).json(body).ok().await
    }

    /// Every invoice is paid by one payment of its own, and nothing is owed. Gives how many there are.
    async fn paid_periods(&self) -> usize {
        let get = |path: &'static str| self.deployment.get(path).by(&self.ada).ok();
        let invoices = get("/api/billing/invoices").await;
        let payments = get("/api/billing/payments").await;
        let balance = get("/api/billing/balance").await;
        let list = |of: &Value| {
            let items = of.get("items").or(of.get("invoices")).or(of.get("payments"));
            items
                .unwrap_or_else(|| panic!("{of}"))
                .as_array()
                .unwrap()
                .clone()
        };
        let (invoices, payments) = (list(&invoices), list(&payments));
        for invoice in &invoices {
            assert_eq!(
                (&invoice["state"], &invoice["total"]),
                (&json!("paid"), &json!(2000))
            );
        }
        assert_eq!(payments.len(), invoices.len());
        for payment in &payments {
            assert_eq!(
                (&payment["status"], &payment["vendor"]),
                (&json!("succeeded"), &json!("main"))
            );
        }
        for one in balance["balances"].as_array().unwrap() {
            assert_eq!(one["debits_posted"], one["credits_posted"], "{balance}");
            assert_eq!(one["credits_pending"], 0, "{balance}");
        }
        invoices.len()
    }
}

#[tokio::test]
async fn paypal_is_agreed_with_on_its_page_and_told_of_or_asked_about_every_month() {
    let vendor = |runtime: &FakeRuntime| paypal::Simulator::new(Arc::clone(&runtime.clock) as Arc<_>);
    let mut club = Club::open("paypal", paypal::settings(), vendor).await;
    club.offer(json!({ "interval": "month" })).await;
    let begun = club.subscribe().await;
    let id = &begun["subscription"]["subscription_id"];
    assert_eq!(begun["subscription"]["status"], "incomplete");
    assert_eq!(begun["next_action"]["type"], "redirect");
    let again = club.subscribe().await;
    assert_eq!(
        again["next_action"]["url"], begun["next_action"]["url"],
        "{again}"
    );

    // The payer agrees, and is sent back to an address of ours that completes it on the server.
    let theirs = begun["subscription"]["collector"]["reference"].as_str().unwrap();
    let page = format!("https://www.sandbox.paypal.com/simulated/subscribe/{theirs}");
    let sent = club.vendor.answer(&HttpRequest::new(HttpMethod::Post, page));
    let location = sent.header("location").unwrap();
    let back = location.strip_prefix("https://gate.example.com").unwrap();
    let returned = club.deployment.get(back).send().await;
    assert_eq!(returned.status, 303, "{}", returned.text);
    assert_eq!(
        returned.header("location"),
        format!("/billing/subscriptions?subscription={}", id.as_str().unwrap())
    );
    let active = club.read(id).await;
    assert_eq!(
        (&active["status"], &active["collector"]["vendor"]),
        (&json!("active"), &json!("main"))
    );
    assert_eq!(club.paid_periods().await, 1);
    let entitled = club
        .deployment
        .get("/api/billing/entitlements")
        .by(&club.ada)
        .ok()
        .await;
    assert_eq!(entitled["entitlements"][0]["name"], "projects", "{entitled}");

    // By webhook, twice; lost, and found by asking; backwards.
    club.hear().await;
    club.vendor.will_deliver(DeliveryFault::Duplicate);
    club.later(31 * DAY).await;
    club.hear().await;
    assert_eq!(club.paid_periods().await, 2);
    club.vendor.will_deliver(DeliveryFault::Drop);
    club.later(31 * DAY).await;
    club.hear().await;
    club.follow().await;
    assert_eq!(club.paid_periods().await, 3);
    club.vendor.will_deliver(DeliveryFault::Reorder);
    club.later(62 * DAY).await;
    club.hear().await;
    club.follow().await;
    assert_eq!(club.paid_periods().await, 5);

    let path = format!("{SUBSCRIPTIONS}/{}/change", id.as_str().unwrap());
    let change = club
        .deployment
        .post(&path)
        .by(&club.ada)
        .header("idempotency-key", "change");
    let refused = change
        .json(json!({ "plan_id": "pro" }))
        .refused(409, "collected-by-vendor")
        .await;
    assert!(
        refused["detail"].as_str().unwrap().contains("cancel it"),
        "{refused}"
    );
    let canceled = club.act(id, "cancel", json!({})).await;
    assert_eq!(
        (&canceled["status"], &canceled["collector"]["asked"]),
        (&json!("canceling"), &json!("cancel"))
    );
    club.follow().await;
    assert_eq!(club.read(id).await["collector"]["asked"], Value::Null);
    club.later(62 * DAY).await;
    club.hear().await;
    club.follow().await;
    assert_eq!(club.read(id).await["status"], "ended");
    assert_eq!(club.paid_periods().await, 5, "nothing is charged any more");
}

#[tokio::test]
async fn ccbill_is_agreed_with_on_its_page_and_its_rebills_are_invoiced_once_its_extract_has_them() {
    let vendor = |runtime: &FakeRuntime| ccbill::Simulator::new(Arc::clone(&runtime.clock) as Arc<_>);
    let mut settings = ccbill::settings();
    settings["webhook_addresses"] = json!(["127.0.0.0/8"]);
    let mut club = Club::open("ccbill", settings, vendor).await;
    let monthly = json!({
        "plan_id": "monthly", "name": "Pro", "collector": "main", "interval": "month",
        "prices": [{ "currency": "USD", "amount": 2000 }],
    });
    let call = club.deployment.post("/api/operator/plans").by(&club.admin);
    let refused = call.json(monthly).refused(409, "not-offered-here").await;
    assert!(refused["detail"].as_str().unwrap().contains("days"), "{refused}");
    club.offer(json!({ "interval": "day", "interval_count": 30 }))
        .await;
    let begun = club.subscribe().await;
    let id = &begun["subscription"]["subscription_id"];
    let again = club.subscribe().await;
    assert_eq!(again["next_action"], begun["next_action"], "the same page");
    let page = begun["next_action"]["url"].as_str().unwrap();
    assert!(club.vendor.pays_on(page).is_some());
    club.hear().await;
    // The webhook wakes, and the extract shows the money.
    assert_eq!(club.read(id).await["status"], "active");
    assert_eq!(club.paid_periods().await, 1);
    for periods in 2..=3 {
        club.later(30 * DAY + 700).await;
        club.hear().await;
        club.follow().await;
        club.later(4_000).await;
        club.follow().await;
        club.follow().await;
        assert_eq!(club.paid_periods().await, periods);
    }
    club.act(id, "cancel", json!({})).await;
    club.follow().await;
    assert_eq!(club.read(id).await["collector"]["asked"], Value::Null);
}

#[tokio::test]
async fn a_page_of_ccbill_that_is_paid_twice_begins_one_subscription_and_the_other_is_cancelled() {
    let vendor = |runtime: &FakeRuntime| ccbill::Simulator::new(Arc::clone(&runtime.clock) as Arc<_>);
    let mut settings = ccbill::settings();
    settings["webhook_addresses"] = json!(["127.0.0.0/8"]);
    let mut club = Club::open("ccbill", settings, vendor).await;
    club.offer(json!({ "interval": "day", "interval_count": 30 }))
        .await;
    let begun = club.subscribe().await;
    let id = &begun["subscription"]["subscription_id"];
    let page = begun["next_action"]["url"].as_str().unwrap();
    let first = club.vendor.pays_on(page).unwrap();
    let second = club.vendor.pays_on(page).unwrap();
    club.hear().await;
    club.later(4_000).await;
    club.follow().await;
    let (kept, other) = (club.read(id).await, [&first, &second]);
    assert_eq!(kept["status"], "active");
    let of_it = kept["collector"]["reference"].as_str().unwrap();
    for name in other {
        let renews = club.vendor.status(name) == Some(2);
        assert_eq!(renews, name == of_it, "{name} {kept}");
    }
    let get = |path: &'static str| club.deployment.get(path).by(&club.ada).ok();
    let payments = get("/api/billing/payments").await;
    let balance = get("/api/billing/balance").await;
    assert_eq!(
        payments["payments"].as_array().map(Vec::len),
        Some(2),
        "{payments}"
    );
    let one = &balance["balances"][0];
    let credit = one["credits_posted"].as_i64().unwrap() - one["debits_posted"].as_i64().unwrap();
    assert_eq!(credit, 2_000, "{balance}");
    let invoices = get("/api/billing/invoices").await;
    assert_eq!(
        invoices["invoices"].as_array().map(Vec::len),
        Some(1),
        "{invoices}"
    );
}

#[tokio::test]
async fn what_paypals_desk_charges_ahead_of_our_time_is_booked() {
    let vendor = |runtime: &FakeRuntime| paypal::Simulator::new(Arc::clone(&runtime.clock) as Arc<_>);
    let club = Club::open("paypal", paypal::settings(), vendor).await;
    club.offer(json!({ "interval": "month" })).await;
    let begun = club.subscribe().await;
    let id = &begun["subscription"]["subscription_id"];
    let theirs = begun["subscription"]["collector"]["reference"].as_str().unwrap();
    club.vendor.advance(Duration::from_hours(1));
    let page = format!("https://www.sandbox.paypal.com/simulated/subscribe/{theirs}");
    club.vendor.answer(&HttpRequest::new(HttpMethod::Post, page));
    for periods in 1..=3 {
        club.act(id, "complete", json!({})).await;
        assert_eq!(club.paid_periods().await, periods);
        club.vendor.advance(Duration::from_hours(24 * 31));
    }
    assert_eq!(club.read(id).await["status"], "active");
}
