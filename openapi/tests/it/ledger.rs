//! What customers are shown of their account, and what is kept from them.

use poem::http::StatusCode;
use portcullis_core::ledger::{Cause, CauseId, Reason, Sale, Transaction};
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Currency, Money};
use serde_json::{Value, json};

use crate::service::{Answer, Headers, Service};

fn amount(minor: i64) -> Amount {
    let money = Money::new(minor, Currency::parse("USD").expect("a currency"));
    Amount::new(money).expect("an amount")
}

async fn get(service: &Service, path: &str, headers: Headers<'_>) -> Answer {
    service.call("GET", path, headers, &Value::Null).await
}

/// Somebody who bought something and was given something.
async fn customer(service: &Service, headers: Headers<'_>) {
    let me = get(service, "/ui/me", headers).await;
    let subject: Subject = me.body["user_sub"]
        .as_str()
        .expect("a subject")
        .parse()
        .expect("a subject");
    let sale = Sale::untaxed(amount(2000));
    let order = Cause::Order(CauseId::parse("ord_1").expect("an id"));
    let operator = Cause::Operator(Subject::parse("usr_operator").expect("a subject"));
    let reason = Reason::parse("Two days without service").expect("a reason");
    let transactions = [
        Transaction::sale(&sale, order),
        Transaction::credit(amount(500), operator, reason),
    ];
    let posted = service.app.ledger.record(&subject, &transactions).await;
    assert_eq!(posted.expect("posted").len(), 2);
}

#[tokio::test]
async fn customers_see_their_own_account_without_what_is_of_the_house() {
    let service = Service::start().await;
    let (bearer, session) = service.person("ada@example.com").await;
    let ada: Headers<'_> = &[("authorization", &bearer), ("x-session-id", &session)];
    let (bearer, session) = service.person("eve@example.com").await;
    let eve: Headers<'_> = &[("authorization", &bearer), ("x-session-id", &session)];
    assert_eq!(
        get(&service, "/api/billing/balance", ada).await.body,
        json!({ "balances": [] })
    );
    customer(&service, ada).await;
    let balances = get(&service, "/api/billing/balance", ada).await.body;
    assert_eq!(balances["balances"].as_array().expect("balances").len(), 1);
    assert_eq!(balances["balances"][0]["currency"], "USD");
    assert_eq!(balances["balances"][0]["payable"], 1500);
    assert_eq!(
        get(&service, "/api/billing/balance", eve).await.body,
        json!({ "balances": [] })
    );

    let first = get(&service, "/api/billing/ledger?currency=usd&limit=1", ada)
        .await
        .body;
    let newest = &first["entries"][0];
    assert_eq!(
        (&newest["kind"], &newest["amount"]),
        (&json!("credit"), &json!(-500))
    );
    assert_eq!(newest["owed_after"], 1500);
    assert_eq!(
        (&newest["cause"], &newest["cause_id"]),
        (&json!("operator"), &Value::Null)
    );
    assert_eq!(newest["postings"], json!([]));
    let cursor = first["next_cursor"].as_str().expect("more");
    let path = format!("/api/billing/ledger?currency=USD&limit=1&cursor={cursor}");
    let second = get(&service, &path, ada).await.body;
    assert_eq!(
        (&second["entries"][0]["kind"], &second["next_cursor"]),
        (&json!("sale"), &Value::Null)
    );
    assert_eq!(second["entries"][0]["cause_id"], "ord_1");
    let stolen = get(&service, &path, eve).await;
    assert_eq!(
        (stolen.status, stolen.code()),
        (StatusCode::BAD_REQUEST, "invalid-cursor")
    );
    let others = get(&service, "/api/billing/ledger?currency=USD", eve).await.body;
    assert_eq!(others, json!({ "entries": [], "next_cursor": null }));
}

#[tokio::test]
async fn amounts_say_how_many_of_their_digits_stand_after_the_point() {
    let service = Service::start().await;
    let (bearer, session) = service.person("ada@example.com").await;
    let ada: Headers<'_> = &[("authorization", &bearer), ("x-session-id", &session)];
    let me = get(&service, "/ui/me", ada).await.body;
    let subject: Subject = me["user_sub"]
        .as_str()
        .expect("a subject")
        .parse()
        .expect("a subject");
    let sale = |code| {
        let money = Money::new(150_050, Currency::parse(code).expect("a currency"));
        let order = Cause::Order(CauseId::parse("ord_1").expect("an id"));
        Transaction::sale(&Sale::untaxed(Amount::new(money).expect("an amount")), order)
    };
    for code in ["HUF", "JPY"] {
        let posted = service.app.ledger.record(&subject, &[sale(code)]).await;
        assert_eq!(posted.expect("posted").len(), 1);
    }
    let balances = get(&service, "/api/billing/balance", ada).await.body;
    for (at, code, digits) in [(0, "HUF", 2), (1, "JPY", 0)] {
        let balance = &balances["balances"][at];
        assert_eq!(
            (&balance["currency"], &balance["digits"]),
            (&json!(code), &json!(digits))
        );
        let path = format!("/api/billing/ledger?currency={code}");
        let entry = &get(&service, &path, ada).await.body["entries"][0];
        assert_eq!(
            (&entry["amount"], &entry["digits"]),
            (&json!(150_050), &json!(digits))
        );
    }
}

#[tokio::test]
async fn a_filter_leaves_out_what_was_not_asked_for() {
    let service = Service::start().await;
    let (bearer, session) = service.person("ada@example.com").await;
    let ada: Headers<'_> = &[("authorization", &bearer), ("x-session-id", &session)];
    customer(&service, ada).await;
    let all = get(&service, "/api/billing/ledger?currency=USD", ada).await.body;
    let at = all["entries"][0]["at"].as_i64().expect("a moment");
    for (filter, count) in [
        ("kind=sale".to_owned(), 1),
        ("kind=refund".to_owned(), 0),
        ("phase=posted".to_owned(), 2),
        ("phase=pending".to_owned(), 0),
        (format!("from={at}"), 2),
        (format!("from={}", at + 1), 0),
        (format!("until={at}"), 0),
    ] {
        let path = format!("/api/billing/ledger?currency=USD&{filter}");
        let found = get(&service, &path, ada).await.body;
        assert_eq!(
            found["entries"].as_array().map(Vec::len),
            Some(count),
            "{filter}: {found}"
        );
    }
    // Of the only currency, and of the one that is named where there are several.
    let unnamed = get(&service, "/api/billing/ledger", ada).await.body;
    assert_eq!(unnamed, all);
    let me = get(&service, "/ui/me", ada).await;
    let subject = me.body["user_sub"].as_str().expect("a subject");
    let euros = Money::new(100, Currency::parse("EUR").expect("a currency"));
    let sale = Sale::untaxed(Amount::new(euros).expect("an amount"));
    let order = Cause::Order(CauseId::parse("ord_2").expect("an id"));
    let (subject, transactions) = (
        subject.parse().expect("a subject"),
        [Transaction::sale(&sale, order)],
    );
    let posted = service.app.ledger.record(&subject, &transactions).await;
    assert_eq!(posted.expect("posted").len(), 1);
    let several = get(&service, "/api/billing/ledger", ada).await;
    assert_eq!(several.body["detail"], "currency: Expected is one of: EUR, USD.");
    for wrong in [
        "",
        "currency=XXX",
        "currency=USD&limit=0",
        "currency=USD&kind=gift",
        "currency=USD&cursor=%20",
    ] {
        let refused = get(&service, &format!("/api/billing/ledger?{wrong}"), ada).await;
        assert_eq!(
            (refused.status, refused.code()),
            (StatusCode::BAD_REQUEST, "invalid-request"),
            "{wrong}"
        );
    }
}
