//! Tokens: one for all, fetched once, and another one where PayPal does not take it any more.

use std::time::Duration;

use futures_util::future::join_all;
use portcullis_ports::Retry;
use portcullis_ports::outcome::Outcome;
use portcullis_ports::testkit::Fault;
use portcullis_provider_paypal::simulator::{Behaviour, PayPalFault};
use serde_json::json;

use crate::account::{Account, done, with};

fn sent_to(account: &Account, path: &str) -> usize {
    let exchanges = account.client.exchanges();
    exchanges
        .iter()
        .filter(|(request, _)| request.url.ends_with(path))
        .count()
}

#[tokio::test]
async fn all_share_one_token_that_is_fetched_once() {
    let account = Account::new().await;
    let orders: Vec<_> = (0..8).map(|_| account.stored(Behaviour::Account)).collect();
    for outcome in join_all(orders.iter().map(|order| account.charge(order))).await {
        done(outcome);
    }
    assert_eq!(account.vendor.tokens(), 1);
    account.runtime.clock.advance(Duration::from_secs(32_400 - 301));
    done(account.charge(&account.stored(Behaviour::Account)).await);
    assert_eq!(account.vendor.tokens(), 1);
    account.runtime.clock.advance(Duration::from_secs(1));
    done(account.charge(&account.stored(Behaviour::Account)).await);
    assert_eq!(account.vendor.tokens(), 2, "some minutes before its end");
}

#[tokio::test]
async fn a_token_that_ends_meanwhile_is_replaced_once_and_the_money_moves_once() {
    let account = Account::new().await;
    done(account.charge(&account.stored(Behaviour::Account)).await);
    account.vendor.will(PayPalFault::TokenRevoked);
    let orders: Vec<_> = (0..4).map(|_| account.stored(Behaviour::Account)).collect();
    for outcome in join_all(orders.iter().map(|order| account.charge(order))).await {
        done(outcome);
    }
    assert_eq!(account.vendor.tokens(), 2);
    // Whatever happens after that is for whoever asked to decide.
    let order = account.stored(Behaviour::Account);
    for _ in 0..2 {
        account.vendor.will(PayPalFault::TokenRevoked);
    }
    let before = sent_to(&account, "/v2/checkout/orders");
    match account.charge(&order).await {
        Outcome::NotSent(reason) => assert!(reason.outage && reason.code == "key-refused"),
        other => panic!("{other:?}"),
    }
    assert_eq!(sent_to(&account, "/v2/checkout/orders") - before, 2);
}

#[tokio::test]
async fn without_a_token_nothing_was_sent() {
    for (fault, code) in [
        (Fault::Refused, "no-connection"),
        (Fault::AnswerLost, "no-connection"),
        (Fault::Answers(503, String::new()), "no-token"),
        (Fault::Garbage, "no-token"),
    ] {
        let account = Account::new().await;
        let order = account.stored(Behaviour::Account);
        account.will(fault.clone());
        match account.charge(&order).await {
            Outcome::NotSent(reason) => {
                assert_eq!((reason.code.as_str(), reason.outage), (code, true), "{fault:?}");
                assert!(matches!(reason.retry, Retry::Later(_)));
            }
            other => panic!("{fault:?}: {other:?}"),
        }
        assert_eq!(sent_to(&account, "/v2/checkout/orders"), 0);
        done(account.charge(&order).await);
    }
}

#[tokio::test]
async fn wrong_credentials_are_told_by_their_names_and_without_them() {
    let account = Account::with(with(json!({ "client_secret": "EHsomethingElse" }))).await;
    match account.charge(&account.stored(Behaviour::Account)).await {
        Outcome::NotSent(reason) => {
            assert_eq!((reason.code.as_str(), reason.outage), ("key-refused", true));
            assert!(reason.detail.contains("client_secret") && !reason.detail.contains("EHsomethingElse"));
        }
        other => panic!("{other:?}"),
    }
    let error = account.connected.probe.check().await.unwrap_err();
    assert!(error.to_string().contains("paypal-access") || format!("{error:?}").contains("paypal-access"));
    let account = Account::with(with(json!({ "webhook_id": "0EH40505U7160970P" }))).await;
    let error = account.connected.probe.check().await.unwrap_err();
    assert!(error.detail().contains("webhook_id"), "{error:?}");
    let account = Account::new().await;
    let well = account.connected.probe.check().await.unwrap();
    assert_eq!(well, "the credentials and the webhook work, in sandbox mode");
}
