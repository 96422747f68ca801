//! Invoices over HTTP: written by operators, paid by whoever owes them, printed by both.

use std::sync::Arc;

use portcullis_core::operators::Role;
use portcullis_core::settings::Settings;
use portcullis_ports::payments::VendorRef;
use serde_json::{Value, json};

use super::client::Person;
use super::deployment::Deployment;
use super::operators::{grant, with_factor};

const INVOICES: &str = "/api/billing/invoices";

/// A seller with an address, and one rate of tax.
fn seller() -> Settings {
    serde_json::from_value(json!({ "billing": {
        "seller": "Plum Kettles",
        "seller_address": ["Kesselgasse 1, Berlin", "VAT DE123456789"],
        "taxes": { "standard": { "name": "VAT", "percent": "19" } },
    } }))
    .unwrap()
}

pub(super) struct Office {
    pub(super) deployment: Arc<Deployment>,
    pub(super) ada: Person,
    pub(super) subject: String,
    pub(super) grace: Person,
}

pub(super) async fn office(deployment: Deployment) -> Office {
    let ada = deployment.person("ada@example.com").await;
    let me = deployment.get("/ui/me").by(&ada).ok().await;
    let (grace, operator) = with_factor(&deployment, "grace@example.com").await;
    grant(&deployment, &operator, Role::Admin).await;
    Office {
        deployment: Arc::new(deployment),
        ada,
        subject: me["user_sub"].as_str().unwrap().to_owned(),
        grace,
    }
}

impl Office {
    fn of(&self, what: &str) -> String {
        format!("/api/operator/billing/customers/{}/invoices{what}", self.subject)
    }

    /// An operator writes an invoice.
    pub(super) async fn write(&self, key: &str, lines: Value, currency: &str, issue: bool) -> Value {
        let body = json!({ "currency": currency, "lines": lines, "issue": issue });
        let call = self.deployment.post(&self.of("")).by(&self.grace);
        call.header("idempotency-key", key).json(body).ok().await
    }

    pub(super) async fn read(&self, invoice: &Value) -> Value {
        let id = invoice["invoice_id"].as_str().unwrap();
        let path = format!("{INVOICES}/{id}");
        self.deployment.get(&path).by(&self.ada).ok().await
    }
}

pub(super) fn path(invoice: &Value, what: &str) -> String {
    format!("{INVOICES}/{}{what}", invoice["invoice_id"].as_str().unwrap())
}

fn kettles() -> Value {
    json!([{ "text": "Plum <b>kettle</b>", "quantity": 2, "unit_price": 5000, "tax_code": "standard" }])
}

#[tokio::test]
async fn an_invoice_is_written_printed_and_paid() {
    let office = office(Deployment::with(|plan| plan.settings = seller()).await).await;
    let deployment = &office.deployment;
    let written = office.write("one", kettles(), "USD", true).await;
    assert_eq!(
        (
            &written["number"],
            &written["net"],
            &written["tax"],
            &written["total"],
            &written["due"]
        ),
        (
            &json!("INV-000001"),
            &json!(10_000),
            &json!(1_900),
            &json!(11_900),
            &json!(11_900)
        )
    );
    assert_eq!(office.write("one", kettles(), "USD", true).await, written);
    let listed = deployment.get(INVOICES).by(&office.ada).ok().await;
    assert_eq!(listed["invoices"], json!([written]));
    let all = deployment
        .get("/api/operator/billing/invoices")
        .by(&office.grace)
        .ok()
        .await;
    assert_eq!(all["invoices"], json!([written]));

    let page = deployment
        .get(&path(&written, "/document"))
        .by(&office.ada)
        .send()
        .await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    for shown in [
        "<h1>Invoice</h1>",
        "INV-000001",
        "VAT DE123456789",
        "VAT 19 %",
        "119.00 USD",
        "Plum &lt;b&gt;",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    let document = deployment
        .get(&path(&written, "/document?format=pdf"))
        .by(&office.ada)
        .send()
        .await;
    assert_eq!(document.header("content-type"), "application/pdf");
    let name = document.header("content-disposition");
    assert!(name.contains("invoice-INV-000001.pdf"), "{name}");

    let pay = |key: &str| {
        let call = deployment.post(&path(&written, "/pay")).by(&office.ada);
        call.header("idempotency-key", key)
            .json(json!({ "pay_by": "browser" }))
    };
    let begun = pay("pay").send().await;
    assert_eq!(begun.status, 202, "{}", begun.text);
    let begun = begun.json();
    assert_eq!(
        (
            &begun["purpose"],
            &begun["invoice_id"],
            &begun["amount"],
            &begun["description"]
        ),
        (
            &json!("invoice"),
            &written["invoice_id"],
            &json!(11_900),
            &json!("INV-000001")
        )
    );
    let other = pay("other").refused(409, "collecting").await;
    assert_eq!(other["payment_id"], begun["payment_id"]);
    let secret = begun["next_action"]["client_secret"].as_str().unwrap();
    let theirs = VendorRef::parse(secret.strip_suffix("_secret").unwrap()).unwrap();
    assert!(deployment.vendor.pay(&theirs));
    let complete = format!(
        "/api/billing/payments/{}/complete",
        begun["payment_id"].as_str().unwrap()
    );
    deployment.post(&complete).by(&office.ada).ok().await;
    let paid = office.read(&written).await;
    assert_eq!((&paid["state"], &paid["due"]), (&json!("paid"), &json!(0)));
    pay("late").refused(409, "invoice-state").await;
}

#[tokio::test]
async fn a_draft_is_issued_taken_back_or_given_up_with_a_reason() {
    let office = office(Deployment::with(|plan| plan.settings = seller()).await).await;
    let deployment = &office.deployment;
    let draft = office.write("draft", kettles(), "USD", false).await;
    assert_eq!(
        (&draft["state"], &draft["number"]),
        (&json!("draft"), &Value::Null)
    );
    deployment
        .get(&path(&draft, ""))
        .by(&office.ada)
        .refused(404, "invoice-not-found")
        .await;
    let act = |invoice: &Value, what: &str, body: Value| {
        let id = invoice["invoice_id"].as_str().unwrap();
        let path = office.of(&format!("/{id}/{what}"));
        deployment.post(&path).by(&office.grace).json(body)
    };
    let why = || json!({ "reason": "The kettles were never sent" });
    let issued = act(&draft, "issue", json!({})).ok().await;
    assert_eq!(issued["number"], "INV-000001");
    let void = act(&draft, "void", why()).ok().await;
    assert_eq!(
        (&void["state"], &void["reason"]),
        (&json!("void"), &json!("The kettles were never sent"))
    );
    act(&draft, "uncollectible", why())
        .refused(409, "invoice-state")
        .await;
    let second = office.write("second", kettles(), "USD", true).await;
    let given_up = act(&second, "uncollectible", why()).ok().await;
    assert_eq!(given_up["state"], "uncollectible");
    let balance = deployment.get("/api/billing/balance").by(&office.ada).ok().await;
    assert_eq!(balance["balances"][0]["owed"], 0);
    let drafts = deployment
        .get(&office.of("?state=void"))
        .by(&office.grace)
        .ok()
        .await;
    assert_eq!(drafts["invoices"][0]["invoice_id"], draft["invoice_id"]);
    let history = deployment
        .app
        .audit
        .entries(&office.subject.parse().unwrap())
        .await
        .unwrap();
    for event in [
        "invoice_drafted",
        "invoice_issued",
        "invoice_voided",
        "invoice_uncollectible",
    ] {
        assert!(history.iter().any(|entry| entry.event == event), "{event}");
    }
}

#[tokio::test]
async fn nobody_reaches_the_invoices_of_others_or_what_is_for_operators() {
    let office = office(Deployment::with(|plan| plan.settings = seller()).await).await;
    let deployment = &office.deployment;
    let written = office.write("one", kettles(), "USD", true).await;
    let bob = deployment.person("bob@example.com").await;
    for what in ["", "/document"] {
        let call = deployment.get(&path(&written, what)).by(&bob);
        call.refused(404, "invoice-not-found").await;
    }
    let pay = deployment.post(&path(&written, "/pay")).by(&bob);
    let pay = pay
        .header("idempotency-key", "k")
        .json(json!({ "pay_by": "browser" }));
    pay.refused(404, "invoice-not-found").await;
    let id = written["invoice_id"].as_str().unwrap();
    for what in ["issue", "void", "uncollectible"] {
        let call = deployment
            .post(&office.of(&format!("/{id}/{what}")))
            .by(&office.ada);
        call.json(json!({ "reason": "x" }))
            .refused(403, "not-an-operator")
            .await;
    }
    let wrong =
        json!({ "currency": "USD", "lines": [{ "text": "x", "unit_price": 1, "tax_code": "luxury" }] });
    let call = deployment
        .post(&office.of(""))
        .by(&office.grace)
        .header("idempotency-key", "wrong");
    let refused = call.json(wrong).refused(400, "invalid-request").await;
    assert!(refused.to_string().contains("/lines/0/tax_code"), "{refused}");
}

#[tokio::test]
async fn amounts_and_days_that_nobody_means_are_refused_by_their_field() {
    let office = office(Deployment::with(|plan| plan.settings = seller()).await).await;
    let write = |body: Value| {
        let call = office.deployment.post(&office.of("")).by(&office.grace);
        call.header("idempotency-key", "far").json(body)
    };
    let body = |due_at: i64| json!({ "currency": "EUR", "lines": kettles(), "due_at": due_at });
    // The last one is the end of the year 9999.
    for due_at in [i64::MIN, -1, 0, 253_402_300_799, 253_402_300_800, i64::MAX] {
        let refused = write(body(due_at)).refused(400, "invalid-request").await;
        assert_eq!(refused["errors"][0]["pointer"], "/due_at", "{due_at}");
    }
    for (quantity, price) in [
        (1, i64::MIN),
        (2, i64::MAX),
        (u32::MAX, i64::MIN),
        (2, 500_000_000_001),
    ] {
        let line = json!({ "text": "Plum kettle", "quantity": quantity, "unit_price": price });
        let refused = write(json!({ "currency": "EUR", "lines": [line] }))
            .refused(400, "invalid-request")
            .await;
        assert_eq!(refused["errors"][0]["pointer"], "/lines/0/unit_price", "{price}");
    }
    let now = office.deployment.app.clock().now().seconds();
    let written = write(body(now + 86_400)).ok().await;
    assert_eq!(written["due_at"], now + 86_400);
}
