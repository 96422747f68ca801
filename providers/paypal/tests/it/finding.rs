//! What became of a charge whose answer was lost: by our name for it, as far as PayPal's report reaches.

use std::time::Duration;

use portcullis_ports::outcome::{Outcome, Reference, Resolution};
use portcullis_ports::payments::{Capture, Charge, PaymentResolution, Sought};
use portcullis_ports::testkit::Fault;
use portcullis_ports::{Clock as _, Retry, Timestamp};
use portcullis_provider_paypal::simulator::Behaviour;

use serde_json::json;

use crate::account::{Account, done, usd};

async fn find(account: &Account, order: &Charge, sent_at: Timestamp) -> PaymentResolution {
    let sought = Sought {
        reference: Reference::Ours(order.id.to_string()),
        customer: None,
        key: order.key.clone(),
        sent_at,
        known: None,
    };
    account.connected.payments.find(&sought).await
}

#[tokio::test]
async fn it_is_found_as_soon_as_the_report_reaches_so_far_and_its_absence_is_told_no_sooner() {
    let account = Account::new().await;
    for capture in [Capture::Now, Capture::Later] {
        let sent_at = account.runtime.clock.now();
        let mut order = account.stored(Behaviour::Account);
        order.capture = capture;
        account.passes(usize::from(account.vendor.tokens() == 0));
        account.will(Fault::AnswerLost);
        assert!(matches!(account.charge(&order).await, Outcome::Unknown(_)));
        let other = account.stored(Behaviour::Account);
        for order in [&order, &other] {
            match find(&account, order, sent_at).await {
                Resolution::CannotTell(reason) => {
                    let Retry::Later(wait) = reason.retry else {
                        panic!()
                    };
                    assert!(
                        (Duration::from_hours(3)..Duration::from_hours(4)).contains(&wait),
                        "{wait:?}"
                    );
                }
                resolution => panic!("{resolution:?}"),
            }
        }
        account
            .runtime
            .clock
            .advance(Duration::from_hours(3) + Duration::from_mins(6));
        let Resolution::Found(found) = find(&account, &order, sent_at).await else {
            panic!("it is not found");
        };
        let picture = found.snapshot().unwrap();
        assert_eq!(
            (picture.ours.as_ref(), picture.amount),
            (Some(&order.id), usd(2_000).get())
        );
        assert!(picture.complete);
        assert_eq!(find(&account, &other, sent_at).await, Resolution::Absent);
    }
}

#[tokio::test]
async fn a_refund_that_carries_our_name_is_not_taken_for_the_payment() {
    let account = Account::new().await;
    let sent_at = account.runtime.clock.now();
    let order = account.stored(Behaviour::Account);
    let made = done(account.charge(&order).await);
    done(
        account
            .connected
            .payments
            .refund(&account.refund(&made, 500))
            .await,
    );
    account.runtime.clock.advance(Duration::from_hours(4));
    let Resolution::Found(found) = find(&account, &order, sent_at).await else {
        panic!("it is not found");
    };
    assert_eq!(found.snapshot().unwrap().theirs, made.theirs);
}

fn cannot_tell(resolution: PaymentResolution) -> String {
    match resolution {
        Resolution::CannotTell(reason) => reason.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_payment_that_the_report_names_is_never_told_absent() {
    let account = Account::new().await;
    let sent_at = account.runtime.clock.now();
    let order = account.stored(Behaviour::Account);
    let made = done(account.charge(&order).await);
    account.runtime.clock.advance(Duration::from_hours(4));
    let captures = "/v2/payments/captures/";
    let bare = r#"{"id":"C","status":"COMPLETED"}"#.to_owned();
    account.client.will_at(captures, Fault::Answers(200, bare));
    assert_eq!(
        cannot_tell(find(&account, &order, sent_at).await),
        "no-answer",
        "no order id"
    );
    account
        .client
        .will_at(captures, Fault::Answers(404, String::new()));
    assert_eq!(
        cannot_tell(find(&account, &order, sent_at).await),
        "not-shown",
        "no capture"
    );
    let dropped = format!("/v2/checkout/orders/{}", made.theirs.as_ref().unwrap());
    account
        .client
        .will_at(dropped.leak(), Fault::Answers(404, String::new()));
    assert_eq!(
        cannot_tell(find(&account, &order, sent_at).await),
        "no-answer",
        "no order"
    );
    assert!(matches!(
        find(&account, &order, sent_at).await,
        Resolution::Found(_)
    ));
}

#[tokio::test]
async fn an_order_that_was_sent_again_is_absent_once_the_report_reaches_beyond_that() {
    let account = Account::new().await;
    let sent_at = account.runtime.clock.now();
    let order = account.stored(Behaviour::Account);
    // It may have been sent again for three hours, and is judged by the last time.
    account.runtime.clock.advance(Duration::from_hours(7));
    let reaches = |minutes: u64| {
        let at = (sent_at + Duration::from_mins(minutes)).seconds();
        let at = jiff::Timestamp::from_second(at).unwrap().to_string();
        let page =
            json!({ "transaction_details": [], "last_refreshed_datetime": at, "page": 1, "total_pages": 0 });
        account
            .client
            .will_at("/v1/reporting/", Fault::Answers(200, page.to_string()));
    };
    reaches(3 * 60);
    assert_eq!(
        cannot_tell(find(&account, &order, sent_at).await),
        "not-reported-yet"
    );
    reaches(3 * 60 + 6);
    assert_eq!(find(&account, &order, sent_at).await, Resolution::Absent);
}

#[tokio::test]
async fn an_answer_that_says_nothing_proves_nothing() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Account);
    let made = done(account.charge(&order).await);
    account.runtime.clock.advance(Duration::from_hours(4));
    let long_ago = account.runtime.clock.now() - Duration::from_hours(4);
    for fault in [
        Fault::AnswerLost,
        Fault::Garbage,
        Fault::Answers(500, String::new()),
        Fault::Answers(403, String::new()),
    ] {
        account.will(fault.clone());
        assert!(
            matches!(find(&account, &order, long_ago).await, Resolution::CannotTell(_)),
            "{fault:?}"
        );
        account.will(fault.clone());
        let sought = Sought {
            reference: Reference::Theirs(made.theirs.as_ref().unwrap().to_string()),
            customer: None,
            key: order.key.clone(),
            sent_at: long_ago,
            known: None,
        };
        let told = account.connected.payments.find(&sought).await;
        assert!(matches!(told, Resolution::CannotTell(_)), "{fault:?}: {told:?}");
    }
}
