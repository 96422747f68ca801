//! Charges of what is stored, and what an answer, or its absence, means.

use portcullis_ports::money::Amount;
use portcullis_ports::outcome::{Outcome, Reference};
use portcullis_ports::payments::{DeclineClass, PaymentStatus, Presence, Source};
use portcullis_ports::testkit::Fault;
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_provider_paypal::simulator::{Behaviour, PayPalFault};
use serde_json::{Value, json};

use crate::account::{Account, declined, done, money, pending, present, usd};

/// What was sent last to create an order.
fn ordered(account: &Account) -> Value {
    let exchanges = account.client.exchanges();
    let mut orders = exchanges.iter().rev();
    let (request, _) = orders
        .find(|(request, _)| request.url.ends_with("/v2/checkout/orders"))
        .unwrap();
    serde_json::from_slice(&request.body).unwrap()
}

#[tokio::test]
async fn a_stored_method_is_charged_without_its_payer() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Account);
    let made = done(account.charge(&order).await);
    assert_eq!(
        (made.status, made.captured),
        (PaymentStatus::Succeeded, usd(2_000).get())
    );
    assert_eq!(made.fee, Some(money(60, "USD")));
    let sent = ordered(&account);
    assert_eq!(
        sent["purchase_units"][0]["custom_id"],
        format!("{},tag-1", order.id)
    );
    assert_eq!(sent["purchase_units"][0]["invoice_id"], order.id.to_string());
    assert!(sent["payment_source"]["paypal"]["vault_id"].is_string());
    done(account.charge(&account.stored(Behaviour::Card)).await);
    let stored =
        json!({ "payment_initiator": "MERCHANT", "payment_type": "UNSCHEDULED", "usage": "SUBSEQUENT" });
    assert_eq!(
        ordered(&account)["payment_source"]["card"]["stored_credential"],
        stored
    );
}

#[tokio::test]
async fn amounts_go_out_with_the_decimals_that_paypal_takes() {
    for (minor, code, text) in [
        (12_300, "HUF", "123"),
        (500, "JPY", "500"),
        (7_700, "TWD", "77"),
        (1_999, "EUR", "19.99"),
    ] {
        let account = Account::new().await;
        let mut order = account.stored(Behaviour::Card);
        order.amount = Amount::new(money(minor, code)).unwrap();
        let made = done(account.charge(&order).await);
        assert_eq!(
            (made.amount, made.captured),
            (money(minor, code), money(minor, code))
        );
        assert_eq!(ordered(&account)["purchase_units"][0]["amount"]["value"], text);
    }
    let account = Account::new().await;
    let mut order = account.stored(Behaviour::Card);
    order.amount = Amount::new(money(12_350, "HUF")).unwrap();
    assert!(matches!(account.charge(&order).await, Outcome::NotSent(_)));
    assert!(account.client.exchanges().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn refusals_say_what_would_help() {
    for (behaviour, class, code) in [
        (Behaviour::PoorCard, DeclineClass::RetryLater, "5120"),
        (Behaviour::StolenCard, DeclineClass::Never, "9520"),
        (
            Behaviour::Declined,
            DeclineClass::OtherMethod,
            "INSTRUMENT_DECLINED",
        ),
        (
            Behaviour::Confirms,
            DeclineClass::Authenticate,
            "PAYER_ACTION_REQUIRED",
        ),
    ] {
        let account = Account::new().await;
        let decline = declined(account.charge(&account.stored(behaviour)).await);
        assert_eq!((decline.class, decline.code.as_str()), (class, code));
    }
    let account = Account::new().await;
    let mut order = account.stored(Behaviour::Confirms);
    order.presence = present();
    let waiting = pending(account.charge(&order).await);
    assert!(waiting.action.is_some(), "who is there is sent to PayPal");
    let mut absent = account.fresh();
    absent.presence = Presence::Absent;
    for source in [Source::Fresh { save: false }, Source::HostedPage] {
        absent.source = source;
        assert!(matches!(account.charge(&absent).await, Outcome::NotSent(_)));
    }
}

#[tokio::test]
async fn a_cheque_is_decided_days_later() {
    let account = Account::new().await;
    for (deed, status) in [(true, PaymentStatus::Succeeded), (false, PaymentStatus::Failed)] {
        let order = account.stored(Behaviour::Cheque);
        let begun = pending(account.charge(&order).await);
        assert_eq!(
            (begun.status, begun.captured.minor),
            (PaymentStatus::Processing, 0)
        );
        let theirs = begun.theirs.as_ref().unwrap();
        let deed = if deed {
            Deed::Settles(theirs)
        } else {
            Deed::Bounces(theirs)
        };
        assert!(account.vendor.does(deed));
        assert_eq!(account.now(&begun, &order).await.status, status);
    }
}

#[tokio::test]
async fn what_may_have_happened_is_unknown_and_asked_for_again_it_moves_money_once() {
    for fault in [Fault::AnswerLost, Fault::Garbage] {
        let account = Account::new().await;
        done(account.charge(&account.stored(Behaviour::Account)).await);
        let order = account.stored(Behaviour::Account);
        account.will(fault);
        let unknown = account.charge(&order).await;
        assert_eq!(unknown, Outcome::Unknown(Reference::Ours(order.id.to_string())));
        done(account.charge(&order).await);
        assert_eq!(account.vendor.captured(&order.id.payment), [2_000]);
    }
    let account = Account::new().await;
    let order = account.stored(Behaviour::Account);
    account.vendor.will(PayPalFault::ActsThenFails);
    assert!(matches!(account.charge(&order).await, Outcome::Unknown(_)));
    done(account.charge(&order).await);
    assert_eq!(account.vendor.captured(&order.id.payment), [2_000]);
}

#[tokio::test]
async fn what_did_not_happen_is_told_with_the_wait() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Account);
    account.vendor.will(PayPalFault::InProgress);
    assert!(
        matches!(account.charge(&order).await, Outcome::Unknown(_)),
        "an earlier request is at work"
    );
    account.vendor.will(PayPalFault::Busy(7));
    match account.charge(&order).await {
        Outcome::NotSent(reason) => {
            let wait = portcullis_ports::Retry::Later(std::time::Duration::from_secs(7));
            assert_eq!((reason.retry, reason.outage), (wait, false));
        }
        other => panic!("{other:?}"),
    }
    account.will(Fault::Refused);
    match account.charge(&order).await {
        Outcome::NotSent(reason) => assert!(reason.outage),
        other => panic!("{other:?}"),
    }
    account.will(Fault::Answers(
        403,
        json!({ "name": "NOT_AUTHORIZED", "details": [{ "issue": "NOT_ENABLED_FOR_CARD_PROCESSING" }] })
            .to_string(),
    ));
    match account.charge(&order).await {
        Outcome::NotSent(reason) => assert!(reason.detail.contains("NOT_ENABLED_FOR_CARD_PROCESSING")),
        other => panic!("{other:?}"),
    }
    assert_eq!(account.vendor.captured(&order.id.payment), [0; 0]);
}

#[tokio::test]
async fn after_its_key_is_forgotten_an_order_is_caught_by_its_invoice() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Account);
    done(account.charge(&order).await);
    account
        .runtime
        .clock
        .advance(std::time::Duration::from_secs(6 * 3_600 - 1));
    done(account.charge(&order).await);
    account.runtime.clock.advance(std::time::Duration::from_secs(1));
    let unknown = account.charge(&order).await;
    assert_eq!(unknown, Outcome::Unknown(Reference::Ours(order.id.to_string())));
    assert_eq!(account.vendor.captured(&order.id.payment), [2_000]);
}
