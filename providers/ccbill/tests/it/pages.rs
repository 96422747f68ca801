//! Pages of FlexForms: their digest, and what the webhook of a sale on one proves.

use portcullis_ports::money::Amount;
use portcullis_ports::outcome::Reference;
use portcullis_ports::outcome::Resolution;
use portcullis_ports::payments::{Charge, NextAction, PaymentStatus};
use portcullis_provider_ccbill::simulator;
use serde_json::{Value, json};

use crate::account::{Account, found, money, not_sent, pending};

async fn url(account: &Account, order: &Charge) -> String {
    let waiting = pending(account.charge(order).await);
    assert_eq!(
        (waiting.status, waiting.theirs),
        (PaymentStatus::RequiresAction, None)
    );
    assert_eq!(
        (waiting.ours, waiting.tag),
        (Some(order.id.clone()), Some(order.tag.clone()))
    );
    match waiting.action {
        Some(NextAction::Form { url }) => url,
        other => panic!("no page: {other:?}"),
    }
}

fn parameter(url: &str, name: &str) -> String {
    let (_, query) = url.split_once('?').unwrap();
    let found = form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name);
    found.unwrap().1.into_owned()
}

#[tokio::test]
async fn the_digest_is_that_of_the_vendors_own_example() {
    let vectors: Value = serde_json::from_str(include_str!("data/form_digest.json")).unwrap();
    let example = &vectors["cases"][0];
    assert_eq!(example["salt"], json!(simulator::SALT));
    let account = Account::new().await;
    let url = url(&account, &account.page()).await;
    for (name, vector) in [
        ("initialPrice", "initialPrice"),
        ("initialPeriod", "initialPeriod"),
        ("currencyCode", "currencyCode"),
        ("formDigest", "digest"),
    ] {
        assert_eq!(json!(parameter(&url, name)), example[vector], "{name}");
    }
}

#[tokio::test]
async fn currencies_have_three_digits_in_the_address_and_yen_have_decimals() {
    let account = Account::new().await;
    for (currency, minor, number, price) in [("AUD", 1_500, "036", "15.00"), ("JPY", 500, "392", "500.00")] {
        let mut order = account.page();
        order.amount = Amount::new(money(minor, currency)).unwrap();
        let url = url(&account, &order).await;
        assert_eq!(parameter(&url, "currencyCode"), number);
        assert_eq!(parameter(&url, "initialPrice"), price);
        assert!(
            account.pays(&url, "4242424242424242").contains("Approved"),
            "the digest is right"
        );
    }
}

#[tokio::test]
async fn what_is_paid_on_a_page_is_processing_until_the_extract_shows_it() {
    let account = Account::new().await;
    let order = account.page();
    let url = url(&account, &order).await;
    assert!(account.pays(&url, "4000000000000002").contains("Declined"));
    assert!(account.vendor.deliver().is_empty());
    assert!(account.pays(&url, "4242 4242 4242 4242").contains("Approved"));
    let posted = account.vendor.deliver();
    let event = account.event(&posted[0]).await;
    assert_eq!(
        (event.name.as_str(), &event.attempt),
        ("NewSaleSuccess", &Some(order.id.clone()))
    );
    assert!(event.object.is_none(), "nothing of it is believed without asking");

    // Somebody else has read the extract within the hour.
    let other = account.page();
    let earlier = account.sought(Reference::Theirs("0126264101999999999".to_owned()), &other);
    assert_eq!(account.look(&earlier).await, Resolution::Absent);
    let theirs = event.payment.unwrap().to_string();
    let mut sought = account.sought(Reference::Theirs(theirs.clone()), &order);
    sought.sent_at = sought.sent_at - std::time::Duration::from_mins(5);
    let first = found(account.look(&sought).await);
    account.hours_pass(1);
    let second = account.page();
    assert!(
        account
            .pays(&url_of(&account, &second).await, "4242424242424242")
            .contains("Approved")
    );
    let event = account.event(&account.vendor.deliver()[0]).await;
    let mut next = account.sought(Reference::Theirs(event.payment.unwrap().to_string()), &second);
    next.sent_at = sought.sent_at;
    // The first look has used up the hour that has now begun.
    assert_eq!(
        (first.status, first.captured),
        (PaymentStatus::Succeeded, order.amount.get())
    );
    let read = account.sent("/data/main.cgi");
    let shown = found(account.look(&next).await);
    assert_eq!(
        (shown.status, account.sent("/data/main.cgi")),
        (PaymentStatus::Succeeded, read + 1)
    );
    let third = account.page();
    assert!(
        account
            .pays(&url_of(&account, &third).await, "4242424242424242")
            .contains("Approved")
    );
    let event = account.event(&account.vendor.deliver()[0]).await;
    let unconfirmed = account.sought(Reference::Theirs(event.payment.unwrap().to_string()), &third);
    let shown = found(account.look(&unconfirmed).await);
    assert_eq!(
        (shown.status, shown.captured.minor),
        (PaymentStatus::Processing, 0)
    );
    assert!(matches!(shown.action, Some(NextAction::Wait { .. })));
    assert_eq!(account.sent("/data/main.cgi"), read + 1, "once an hour");
    account.hours_pass(1);
    let shown = found(account.look(&unconfirmed).await);
    assert_eq!(
        (shown.status, shown.captured),
        (PaymentStatus::Succeeded, third.amount.get())
    );
}

async fn url_of(account: &Account, order: &Charge) -> String {
    url(account, order).await
}

#[tokio::test]
async fn what_was_passed_for_another_amount_proves_nothing() {
    let account = Account::new().await;
    let (dear, mut cheap) = (account.page(), account.page());
    cheap.amount = Amount::new(money(100, "USD")).unwrap();
    let (dear_url, cheap_url) = (url(&account, &dear).await, url(&account, &cheap).await);
    // The payer puts what is passed for the dear payment into the address of the cheap one, whose digest fits its price.
    let (fixed, _) = cheap_url.split_once("&portcullis_attempt").unwrap();
    let (_, passed) = dear_url.split_once("&portcullis_attempt").unwrap();
    let forged = format!("{fixed}&portcullis_attempt{passed}");
    assert!(account.pays(&forged, "4242424242424242").contains("Approved"));
    let event = account.event(&account.vendor.deliver()[0]).await;
    assert_eq!(event.attempt, None);
    assert!(event.payment.is_some(), "money was paid: an operator sees it");
    // Another price than the digest's is not even shown.
    let altered = cheap_url.replace("initialPrice=1.00", "initialPrice=0.01");
    assert!(
        account
            .pays(&altered, "4242424242424242")
            .contains("was not set by the merchant")
    );
}

#[tokio::test]
async fn a_page_is_for_whoever_is_there_and_cannot_be_completed_from_here() {
    let account = Account::new().await;
    let absent = Charge {
        presence: portcullis_ports::payments::Presence::Absent,
        ..account.page()
    };
    assert_eq!(not_sent(account.charge(&absent).await), "payer-absent");
    assert_eq!(
        not_sent(account.complete(&account.page(), &[]).await),
        "waits-for-webhook"
    );
    let order = account.page();
    let ours = account.sought(Reference::Ours(order.id.to_string()), &order);
    assert!(
        matches!(account.look(&ours).await, Resolution::CannotTell(reason) if reason.code == "not-named-yet")
    );
}
