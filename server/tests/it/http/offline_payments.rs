//! Payments without a vendor over HTTP: the payer is told how, operators mark what came and what was paid out.

use portcullis_core::payments::Status;
use portcullis_ports::payments::{ConnectedPayments, Payments};
use portcullis_ports::testkit::FakeRuntime;
use serde_json::{Value, json};

use super::deployment::Deployment;
use super::invoices::{Office, office, path};

async fn by_transfer() -> Office {
    let settings = json!({
        "kind": "bank_transfer",
        "currencies": ["EUR"],
        "account_holder": "Plum Kettles",
        "iban": "DE89 3704 0044 0532 0130 00",
        "valid_for": "30d",
    });
    let connected: ConnectedPayments = FakeRuntime::default()
        .connect::<Payments>("manual", settings)
        .await
        .unwrap();
    office(Deployment::with(|plan| plan.payments = Some(connected)).await).await
}

impl Office {
    async fn owed(&self) -> i64 {
        let balance = self
            .deployment
            .get("/api/billing/balance")
            .by(&self.ada)
            .ok()
            .await;
        balance["balances"][0]["owed"].as_i64().unwrap()
    }

    async fn begin(&self, path: &str, key: &str, body: Value) -> Value {
        let call = self.deployment.post(path).by(&self.ada);
        let answer = call.header("idempotency-key", key).json(body).send().await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.json()
    }

    fn marks(&self, payment: &Value, what: &str, key: &str, body: Value) -> super::client::Call<'_> {
        let id = payment["payment_id"].as_str().unwrap();
        let path = format!("/api/operator/billing/payments/{id}{what}");
        let call = self.deployment.post(&path).by(&self.grace);
        call.header("idempotency-key", key).json(body)
    }

    async fn came(&self, payment: &Value, amount: i64, reference: &str) -> Value {
        let body = json!({ "amount": amount, "reference": reference, "proof": "Statement 11/2026" });
        self.marks(payment, "/receipts", reference, body).ok().await
    }
}

fn kettle(amount: i64) -> Value {
    json!({ "purpose": "purchase", "amount": amount, "currency": "EUR", "pay_by": "offline" })
}

#[tokio::test]
async fn an_invoice_is_paid_by_transfers_in_part_whole_and_beyond() {
    let office = by_transfer().await;
    let lines = json!([{ "text": "Plum kettle", "unit_price": 10_000 }]);
    let invoice = office.write("one", lines.clone(), "EUR", true).await;
    let begun = office
        .begin(&path(&invoice, "/pay"), "pay", json!({ "pay_by": "offline" }))
        .await;
    let told = &begun["next_action"]["instructions"];
    assert_eq!(begun["next_action"]["type"], "instructions");
    assert_eq!(
        (&told["account_holder"], &told["iban"]),
        (&json!("Plum Kettles"), &json!("DE89370400440532013000"))
    );
    assert!(told["reference"].as_str().unwrap().starts_with("RF"), "{told}");

    let part = office.came(&begun, 4_000, "bank-1").await;
    assert_eq!(
        (&part["status"], &part["captured"]),
        (&json!("requires_action"), &json!(4_000))
    );
    let open = office.read(&invoice).await;
    assert_eq!((&open["state"], &open["due"]), (&json!("open"), &json!(6_000)));
    let balance = office
        .deployment
        .get("/api/billing/balance")
        .by(&office.ada)
        .ok()
        .await;
    assert_eq!(
        (
            &balance["balances"][0]["owed"],
            &balance["balances"][0]["payable"]
        ),
        (&json!(6_000), &json!(0)),
        "the rest is waited for, and nobody else asks for it"
    );
    // The same again, by its key and by its reference.
    assert_eq!(office.came(&begun, 4_000, "bank-1").await["captured"], 4_000);
    let twice = json!({ "amount": 4_000, "reference": "bank-1" });
    let twice = office
        .marks(&begun, "/receipts", "another-key", twice)
        .refused(409, "receipt-known")
        .await;
    assert_eq!(twice["payment_id"], begun["payment_id"]);

    let whole = office.came(&begun, 6_500, "bank-2").await;
    assert_eq!(
        (&whole["status"], &whole["captured"]),
        (&json!("succeeded"), &json!(10_500))
    );
    assert_eq!(whole["operator"]["findings"], json!([]));
    assert_eq!(whole["operator"]["received"][1]["reference"], "bank-2");
    let paid = office.read(&invoice).await;
    assert_eq!(
        (&paid["state"], &paid["paid_by_payments"]),
        (&json!("paid"), &json!(10_000))
    );
    assert_eq!(office.owed().await, -500, "what came beyond is to the credit");
    let next = office
        .write("two", json!([{ "text": "Lid", "unit_price": 300 }]), "EUR", true)
        .await;
    assert_eq!(
        (&next["state"], &next["paid_from_balance"]),
        (&json!("paid"), &json!(300))
    );
}

#[tokio::test]
async fn what_is_given_back_is_booked_once_it_is_paid_out() {
    let office = by_transfer().await;
    let begun = office.begin("/api/billing/payments", "one", kettle(2_000)).await;
    let paid = office.came(&begun, 2_300, "bank-1").await;
    assert_eq!(
        (&paid["status"], office.owed().await),
        (&json!("succeeded"), -300)
    );
    let refund = json!({ "amount": 300, "reason": "requested" });
    let begun_refund = office.marks(&begun, "/refunds", "r1", refund).ok().await;
    let refund = &begun_refund["refunds"][0];
    assert_eq!(
        (&refund["status"], &begun_refund["refunded"]),
        (&json!("pending"), &json!(0))
    );
    let out = format!("/refunds/{}/paid-out", refund["refund_id"].as_str().unwrap());
    let body = || json!({ "reference": "bank-out-1" });
    for _ in 0..2 {
        let done = office.marks(&begun, &out, "o1", body()).ok().await;
        assert_eq!(
            (&done["refunds"][0]["status"], &done["refunded"]),
            (&json!("succeeded"), &json!(300))
        );
    }
    assert_eq!(
        office.owed().await,
        0,
        "what came beyond is given back first: the kettle is sold"
    );
    let other = json!({ "reference": "bank-out-2" });
    office
        .marks(&begun, &out, "o2", other)
        .refused(409, "payment-state")
        .await;
    let rest = office
        .marks(&begun, "/refunds", "r2", json!({ "reason": "requested" }))
        .ok()
        .await;
    let rest = rest["refunds"][1]["refund_id"].as_str().unwrap().to_owned();
    let out = format!("/refunds/{rest}/paid-out");
    office
        .marks(&begun, &out, "o3", json!({ "reference": "bank-out-3" }))
        .ok()
        .await;
    assert_eq!(
        office.owed().await,
        0,
        "nothing is sold any more, and nothing owed"
    );
}

#[tokio::test]
async fn a_transfer_has_its_days_and_what_comes_after_them_is_to_the_credit() {
    let office = by_transfer().await;
    let begun = office.begin("/api/billing/payments", "one", kettle(2_000)).await;
    let id = begun["payment_id"].as_str().unwrap().to_owned();
    // Sessions are over by then.
    let status = async || {
        let payments = &office.deployment.app.payments;
        payments.show(&id.parse().unwrap()).await.unwrap().status
    };
    let days = async |days: u32| {
        for _ in 0..days {
            office
                .deployment
                .clock
                .advance(std::time::Duration::from_hours(24));
            office.deployment.app.tasks.drain("payments-watch").await.unwrap();
        }
    };
    days(20).await;
    assert_eq!(
        status().await,
        Status::RequiresAction,
        "a day is too short for a transfer"
    );
    days(12).await;
    assert_eq!(status().await, Status::Canceled);
}

#[tokio::test]
async fn only_operators_mark_and_only_what_no_vendor_tells_of() {
    let office = by_transfer().await;
    let begun = office.begin("/api/billing/payments", "one", kettle(2_000)).await;
    let id = begun["payment_id"].as_str().unwrap();
    let path = format!("/api/operator/billing/payments/{id}/receipts");
    let body = || json!({ "amount": 2_000, "reference": "bank-1" });
    let call = office
        .deployment
        .post(&path)
        .by(&office.ada)
        .header("idempotency-key", "k");
    call.json(body()).refused(403, "not-an-operator").await;
    let cancel = format!("/api/billing/payments/{id}/cancel");
    office.deployment.post(&cancel).by(&office.ada).ok().await;
    let late = office.marks(&begun, "/receipts", "k", body()).ok().await;
    assert_eq!((&late["late"], &late["captured"]), (&json!(true), &json!(2_000)));
    assert_eq!(office.owed().await, -2_000, "it buys nothing any more");

    let vendor = super::invoices::office(Deployment::start().await).await;
    let card = json!({ "purpose": "purchase", "amount": 2_000, "currency": "USD", "pay_by": "browser" });
    let card = vendor.begin("/api/billing/payments", "one", card).await;
    vendor
        .marks(&card, "/receipts", "k", body())
        .refused(409, "payment-state")
        .await;
    let offline = json!({ "purpose": "purchase", "amount": 2_000, "currency": "USD", "pay_by": "offline" });
    let call = vendor.deployment.post("/api/billing/payments").by(&vendor.ada);
    let call = call.header("idempotency-key", "two").json(offline);
    call.refused(409, "not-offered-here").await;
}

#[tokio::test]
async fn money_comes_on_a_day_that_was() {
    let office = by_transfer().await;
    let begun = office.begin("/api/billing/payments", "one", kettle(5_000)).await;
    let now = office.deployment.app.clock().now().seconds();
    let body = |at: i64| json!({ "amount": 5_000, "reference": "bank-1", "at": at });
    for at in [i64::MIN, 0, now + 2 * 86_400, 253_402_300_800, i64::MAX] {
        let refused = office
            .marks(&begun, "/receipts", "one", body(at))
            .refused(400, "invalid-request")
            .await;
        assert_eq!(refused["errors"][0]["pointer"], "/at", "{at}");
    }
    // The day of a statement may have begun elsewhere.
    let marked = office
        .marks(&begun, "/receipts", "one", body(now + 12 * 3_600))
        .ok()
        .await;
    assert_eq!(marked["status"], "succeeded");
    let id = begun["payment_id"].as_str().unwrap();
    let receipt = format!("/api/billing/payments/{id}/receipt");
    let printed = office.deployment.get(&receipt).by(&office.ada).send().await;
    assert_eq!(printed.status, 200, "{}", printed.text);

    let refunds = format!("/api/operator/billing/payments/{id}/refunds");
    let call = office.deployment.post(&refunds).by(&office.grace);
    let refunded = call
        .header("idempotency-key", "back")
        .json(json!({ "reason": "requested" }))
        .send()
        .await;
    assert!(refunded.status < 300, "{}", refunded.text);
    let refund = refunded.json()["refunds"][0]["refund_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let refused = office
        .marks(
            &begun,
            &format!("/refunds/{refund}/paid-out"),
            "out",
            json!({ "reference": "bank-2", "at": i64::MAX }),
        )
        .refused(400, "invalid-request")
        .await;
    assert_eq!(refused["errors"][0]["pointer"], "/at");
}
