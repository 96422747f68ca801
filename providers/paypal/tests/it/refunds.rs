//! Refunds: of a part, of the rest, beyond, late, by PayPal's desk, and those that come back.

use std::time::Duration;

use portcullis_ports::outcome::Outcome;
use portcullis_ports::payments::{DeclineClass, RefundOrder, RefundStatus};
use portcullis_ports::testkit::Fault;
use portcullis_ports::testkit::payments::{Counterparty as _, Deed};
use portcullis_provider_paypal::simulator::Behaviour;

use crate::account::{Account, declined, done, pending, usd};

#[tokio::test]
async fn a_refund_whose_answer_is_lost_is_given_once_and_found_with_its_payment() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Account);
    let made = done(account.charge(&order).await);
    let refund = account.refund(&made, 500);
    // The order is read, then the money is given back.
    account.passes(1);
    account.will(Fault::AnswerLost);
    assert!(matches!(
        account.connected.payments.refund(&refund).await,
        Outcome::Unknown(_)
    ));
    let found = account.now(&made, &order).await;
    assert_eq!(found.refunds.len(), 1);
    assert_eq!(
        (&found.refunds[0].ours, found.refunds[0].amount),
        (&Some(refund.id.clone()), usd(500).get())
    );
    account.runtime.clock.advance(Duration::from_hours(24 * 44));
    let again = RefundOrder {
        resend: true,
        ..refund.clone()
    };
    assert_eq!(
        done(account.connected.payments.refund(&again).await).ours,
        Some(refund.id.clone())
    );
    account.runtime.clock.advance(Duration::from_hours(24));
    let late = account.connected.payments.refund(&again).await;
    assert!(
        matches!(late, Outcome::Unknown(_)),
        "the key is forgotten, the invoice is not: {late:?}"
    );
    assert_eq!(account.vendor.refunded(&refund.id), [500]);
}

#[tokio::test]
async fn what_cannot_be_given_back_is_refused_with_its_reason() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Account);
    let made = done(account.charge(&order).await);
    let pay = &account.connected.payments;
    assert_eq!(
        declined(pay.refund(&account.refund(&made, 2_001)).await).code,
        "REFUND_AMOUNT_EXCEEDED"
    );
    done(pay.refund(&account.refund(&made, 2_000)).await);
    assert_eq!(
        declined(pay.refund(&account.refund(&made, 1)).await).code,
        "CAPTURE_FULLY_REFUNDED"
    );
    let cheque = pending(account.charge(&account.stored(Behaviour::Cheque)).await);
    let decline = declined(pay.refund(&account.refund(&cheque, 100)).await);
    assert_eq!(
        (decline.class, decline.code.as_str()),
        (DeclineClass::OurSide, "nothing-captured")
    );
    let old = done(account.charge(&account.stored(Behaviour::Account)).await);
    account
        .runtime
        .clock
        .advance(Duration::from_hours(24 * 180) + Duration::from_secs(1));
    assert_eq!(
        declined(pay.refund(&account.refund(&old, 100)).await).code,
        "REFUND_TIME_LIMIT_EXCEEDED"
    );
}

#[tokio::test]
async fn refunds_of_the_desk_and_those_that_come_back_are_seen() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Account);
    let made = done(account.charge(&order).await);
    let theirs = made.theirs.as_ref().unwrap();
    assert!(account.vendor.does(Deed::RefundsThere(theirs, usd(300).get())));
    let own = done(
        account
            .connected
            .payments
            .refund(&account.refund(&made, 200))
            .await,
    );
    assert!(account.vendor.does(Deed::RefundFails(&own.theirs)));
    let found = account.now(&made, &order).await;
    assert_eq!(found.captured, usd(2_000).get(), "what was taken does not shrink");
    let seen: Vec<_> = found
        .refunds
        .iter()
        .map(|one| (one.ours.is_some(), one.amount.minor, one.status))
        .collect();
    assert_eq!(
        seen,
        [
            (false, 300, RefundStatus::Succeeded),
            (true, 200, RefundStatus::Failed)
        ]
    );
    assert!(found.refunds[1].failure.is_some());
    let events = account.events().await;
    let desk = events
        .iter()
        .find(|event| event.name == "PAYMENT.CAPTURE.REFUNDED")
        .unwrap();
    assert_eq!((&desk.attempt, &desk.refund), (&None, &None));
    let part = desk.payment.clone().unwrap();
    assert_ne!(
        Some(&part),
        made.theirs.as_ref(),
        "it names the capture, which is a part of the payment"
    );
    let whole = account
        .find(
            portcullis_ports::outcome::Reference::Theirs(part.to_string()),
            &order,
        )
        .await
        .unwrap();
    assert_eq!((whole.theirs, whole.ours), (made.theirs, Some(order.id)));
}
