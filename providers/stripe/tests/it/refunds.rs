//! Refunds: whole, in part, too much, twice, failing later.

use std::time::Duration;

use portcullis_ports::payments::{DisputeKind, MethodKind, RefundStatus};
use portcullis_ports::testkit::payments::{Behaviour, Counterparty as _, Deed};

use crate::account::{Account, declined, done, pending, usd};

#[tokio::test]
async fn a_payment_is_given_back_in_parts_and_not_beyond() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Succeeds).await;
    let made = done(account.charge(&order).await);
    let refund = |amount| account.refund(&made, amount);
    let (first, second) = (refund(500), refund(500));
    for order in [&first, &first, &second] {
        let given = done(account.connected.payments.refund(order).await);
        assert_eq!(
            (given.status, given.amount, given.ours),
            (RefundStatus::Succeeded, usd(500).get(), Some(order.id.clone()))
        );
    }
    assert_eq!(
        account.vendor.refunded(&first.id),
        [500],
        "the same key gives back once"
    );
    declined(account.connected.payments.refund(&refund(1_001)).await);
    done(account.connected.payments.refund(&refund(1_000)).await);
    assert_eq!(
        declined(account.connected.payments.refund(&refund(1)).await).code,
        "charge_already_refunded"
    );
    let found = account.now(&made, &order).await;
    assert_eq!(
        found
            .refunds
            .iter()
            .map(|refund| refund.amount.minor)
            .sum::<i64>(),
        2_000
    );
    assert_eq!(
        found.captured,
        usd(2_000).get(),
        "what was taken stays what it was"
    );
}

#[tokio::test]
async fn refunds_arrive_or_come_back_later() {
    let account = Account::new().await;
    let order = account.token("pm_card_refundFail", MethodKind::Card).await;
    let made = done(account.charge(&order).await);
    let given = done(
        account
            .connected
            .payments
            .refund(&account.refund(&made, 2_000))
            .await,
    );
    assert_eq!(given.status, RefundStatus::Succeeded);
    account.vendor.advance(Duration::from_hours(2));
    let found = account.now(&made, &order).await;
    assert_eq!(found.refunds[0].status, RefundStatus::Failed);
    assert_eq!(
        found.refunds[0].failure.as_ref().unwrap().code,
        "expired_or_canceled_card"
    );

    let order = account.token("pm_card_pendingRefund", MethodKind::Card).await;
    let made = done(account.charge(&order).await);
    pending(
        account
            .connected
            .payments
            .refund(&account.refund(&made, 2_000))
            .await,
    );
    account.vendor.advance(Duration::from_hours(2));
    assert_eq!(
        account.now(&made, &order).await.refunds[0].status,
        RefundStatus::Succeeded
    );
}

#[tokio::test]
async fn what_is_contested_is_not_given_back_and_what_the_desk_gave_back_is_seen() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Succeeds).await;
    let made = done(account.charge(&order).await);
    let theirs = made.theirs.clone().unwrap();
    assert!(account.vendor.does(Deed::RefundsThere(&theirs, usd(300).get())));
    let found = account.now(&made, &order).await;
    assert_eq!(
        (found.refunds[0].amount, found.refunds[0].ours.clone()),
        (usd(300).get(), None)
    );
    assert!(
        account
            .vendor
            .does(Deed::Disputes(&theirs, DisputeKind::Chargeback))
    );
    let refused = declined(
        account
            .connected
            .payments
            .refund(&account.refund(&made, 100))
            .await,
    );
    assert_eq!(refused.code, "charge_disputed");
}
