//! Receipts and statements over HTTP: who gets one, in which form, and what stands on it.

use portcullis_core::ledger::{Cause, CauseId, Reason, Sale, Transaction};
use portcullis_core::operators::Role;
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::payments::VendorRef;
use serde_json::{Value, json};

use super::client::Person;
use super::deployment::Deployment;
use super::operators::{grant, with_factor};

async fn begun(deployment: &Deployment, person: &Person, description: &str) -> (String, VendorRef) {
    let body = json!({
        "purpose": "purchase", "amount": 1999, "currency": "USD", "pay_by": "browser",
        "description": description, "reference": "order-42",
    });
    let begin = deployment.post("/api/billing/payments").by(person);
    let payment = begin.header("idempotency-key", "one").json(body).ok().await;
    let secret = payment["next_action"]["client_secret"].as_str().unwrap();
    let theirs = VendorRef::parse(secret.strip_suffix("_secret").unwrap()).unwrap();
    (payment["payment_id"].as_str().unwrap().to_owned(), theirs)
}

/// A payment that was paid.
async fn paid(deployment: &Deployment, person: &Person, description: &str) -> String {
    let (id, theirs) = begun(deployment, person, description).await;
    assert!(deployment.vendor.pay(&theirs));
    let complete = deployment.post(&format!("/api/billing/payments/{id}/complete"));
    let done = complete.by(person).ok().await;
    assert_eq!(done["status"], "succeeded");
    id
}

fn receipt(id: &str, query: &str) -> String {
    format!("/api/billing/payments/{id}/receipt{query}")
}

#[tokio::test]
async fn a_receipt_is_a_page_that_needs_nothing_else() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let id = paid(&deployment, &ada, "Plum <b>kettle</b> & lid").await;
    let page = deployment.get(&receipt(&id, "")).by(&ada).send().await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("cache-control"), "no-store");
    for shown in [
        "<h1>Receipt</h1>",
        &id,
        "ada@example.com",
        "19.99 USD",
        "order-42",
        "Plum &lt;b&gt;kettle&lt;&#x2f;b&gt; &amp; lid",
    ] {
        assert!(page.text.contains(shown), "{shown} is missing in\n{}", page.text);
    }
    assert!(
        !page.text.contains("<script") && !page.text.contains("http"),
        "{}",
        page.text
    );
    let german = deployment.get(&receipt(&id, "?format=html")).by(&ada);
    let german = german.header("accept-language", "de-CH, en;q=0.5").send().await;
    assert!(german.text.contains("<html lang=\"de\">") && german.text.contains("Quittungsnummer"));
}

#[tokio::test]
async fn a_receipt_is_a_document_as_well() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let id = paid(&deployment, &ada, "Plum kettle").await;
    let document = deployment.get(&receipt(&id, "?format=pdf")).by(&ada).send().await;
    assert_eq!(document.status, 200);
    assert_eq!(document.header("content-type"), "application/pdf");
    assert_eq!(
        document.header("content-disposition"),
        format!("inline; filename=\"receipt-{id}.pdf\"")
    );
    assert!(document.text.starts_with("%PDF-1."));
    let odd = deployment.get(&receipt(&id, "?format=docx")).by(&ada);
    odd.refused(400, "invalid-request").await;
}

#[tokio::test]
async fn nobody_gets_a_receipt_for_what_was_not_paid_or_is_not_theirs() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let bob = deployment.person("bob@example.com").await;
    let (waiting, theirs) = begun(&deployment, &ada, "Plum kettle").await;
    let call = deployment.get(&receipt(&waiting, "")).by(&ada);
    call.refused(409, "no-receipt").await;
    assert!(deployment.vendor.pay(&theirs));
    let complete = deployment.post(&format!("/api/billing/payments/{waiting}/complete"));
    complete.by(&ada).ok().await;
    let call = deployment.get(&receipt(&waiting, "")).by(&bob);
    call.refused(404, "payment-not-found").await;

    let path = format!("/api/operator/billing/payments/{waiting}/receipt");
    deployment
        .get(&path)
        .by(&ada)
        .refused(403, "not-an-operator")
        .await;
    let (grace, subject) = with_factor(&deployment, "grace@example.com").await;
    grant(&deployment, &subject, Role::Viewer).await;
    let page = deployment.get(&path).by(&grace).send().await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("ada@example.com"));
}

#[tokio::test]
async fn a_statement_is_a_table_in_which_nothing_is_a_formula() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let me = deployment.get("/ui/me").by(&ada).ok().await;
    let subject = me["user_sub"].as_str().unwrap().parse().unwrap();
    let usd = |minor| Amount::new(Money::new(minor, Currency::parse("USD").unwrap())).unwrap();
    let order = Cause::Order(CauseId::parse("=1+1").unwrap());
    let operator = Cause::Operator("usr_operator".parse().unwrap());
    let reason = Reason::parse("@SUM(A1), \"late\"").unwrap();
    let transactions = [
        Transaction::sale(&Sale::untaxed(usd(1_250)), order),
        Transaction::credit(usd(1_000), operator, reason),
    ];
    let posted = deployment.app.ledger.record(&subject, &transactions).await;
    let [sale, credit] = &posted.unwrap()[..] else {
        panic!()
    };
    // The clock of the tests stands in September 2026.
    let path = "/api/billing/statements?from=2026-09-21&to=2026-09-21&currency=USD&format=csv";
    let table = deployment.get(path).by(&ada).send().await;
    assert_eq!(table.status, 200, "{}", table.text);
    assert!(table.header("content-type").starts_with("text/csv"));
    let lines: Vec<&str> = table.text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "number,at,kind,phase,amount,owed_after,currency,cause,cause_id,reason,transaction"
    );
    let at = "2026-09-21T";
    let rest = |line: &str| {
        line.split_once(at)
            .unwrap()
            .1
            .split_once(',')
            .unwrap()
            .1
            .to_owned()
    };
    assert_eq!(
        rest(lines[1]),
        format!("sale,posted,12.50,12.50,USD,order,'=1+1,,{}", sale.transaction)
    );
    assert_eq!(
        rest(lines[2]),
        format!(
            "credit,posted,-10.00,2.50,USD,operator,,\"'@SUM(A1), \"\"late\"\"\",{}",
            credit.transaction
        )
    );
    assert_eq!(lines[3..], [""]);
    let other = path.replace("2026-09-21", "2026-09-20");
    let empty = deployment.get(&other).by(&ada).send().await;
    assert_eq!(empty.text.lines().count(), 1, "{}", empty.text);
    for wrong in [
        "from=2026-09-31&to=2026-10-01",
        "from=2026-09-02&to=2026-09-01",
        "from=2026-09-02&to=yesterday",
    ] {
        let call = deployment
            .get(&format!("/api/billing/statements?{wrong}&currency=USD"))
            .by(&ada);
        call.refused(400, "invalid-request").await;
    }
    assert_ne!(me["user_sub"], Value::Null);
}

#[tokio::test]
async fn a_statement_is_a_page_and_a_document_as_well() {
    let deployment = Deployment::start().await;
    let ada = deployment.person("ada@example.com").await;
    let id = paid(&deployment, &ada, "Plum kettle").await;
    let path = "/api/billing/statements?from=2026-09-01&to=2026-10-31&currency=USD";
    let page = deployment.get(&format!("{path}&format=html")).by(&ada);
    let page = page.header("accept-language", "de").send().await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    for shown in [
        "<h1>Kontoauszug</h1>",
        "ada@example.com",
        "Einkauf",
        "-19.99 USD",
        "0.00 USD",
    ] {
        assert!(page.text.contains(shown), "{shown} is missing in\n{}", page.text);
    }
    assert!(!page.text.contains(&id), "ids of payments are for tables");
    let document = deployment
        .get(&format!("{path}&format=pdf"))
        .by(&ada)
        .send()
        .await;
    assert_eq!(document.header("content-type"), "application/pdf");
    assert_eq!(
        document.header("content-disposition"),
        "inline; filename=\"statement-USD-2026-09-01-2026-10-31.pdf\""
    );
    assert!(document.text.starts_with("%PDF-1."));
}
