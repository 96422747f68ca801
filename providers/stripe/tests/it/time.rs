//! What happens at Stripe as time passes: debits, authorisations, late successes.

use std::time::Duration;

use portcullis_ports::payments::{Capture, CaptureOrder, DisputeStatus, MethodKind, PaymentStatus};
use portcullis_ports::testkit::payments::{Behaviour, Counterparty as _, Deed};

use crate::account::{Account, declined, done, pending, usd};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn debits_are_decided_days_later_and_may_be_returned_after_that() {
    let account = Account::new().await;
    let of = |token| account.token(token, MethodKind::UsBankDebit);
    let taken = of("pm_usBankAccount_success").await;
    let refused = of("pm_usBankAccount_accountClosed").await;
    let returned = of("pm_usBankAccount_dispute").await;
    let silent = of("pm_usBankAccount_processing").await;
    let mut made = Vec::new();
    for order in [&taken, &refused, &returned, &silent] {
        let begun = pending(account.charge(order).await);
        assert_eq!(begun.status, PaymentStatus::Processing);
        made.push(begun);
    }
    account.vendor.advance(DAY * 3);
    assert_eq!(
        account.now(&made[0], &taken).await.status,
        PaymentStatus::Processing
    );
    account.vendor.advance(DAY);
    assert_eq!(account.now(&made[0], &taken).await.captured, usd(2_000).get());
    let failed = account.now(&made[1], &refused).await;
    assert_eq!(
        (failed.status, failed.failure.unwrap().code.as_str()),
        (PaymentStatus::Failed, "account_closed")
    );
    let back = account.now(&made[2], &returned).await;
    assert_eq!(
        (back.status, back.disputes[0].status),
        (PaymentStatus::Succeeded, DisputeStatus::Lost)
    );
    account.vendor.advance(DAY * 60);
    assert_eq!(
        account.now(&made[3], &silent).await.status,
        PaymentStatus::Processing
    );
}

#[tokio::test]
async fn an_authorisation_ends_and_is_not_captured_then() {
    let account = Account::new().await;
    let mut order = account.stored(Behaviour::Succeeds).await;
    order.capture = Capture::Later;
    let held = done(account.charge(&order).await);
    account.vendor.advance(DAY * 7);
    assert_eq!(account.now(&held, &order).await.status, PaymentStatus::Canceled);
    let capture = CaptureOrder {
        id: order.id.clone(),
        key: account.key(),
        resend: false,
        payment: held.theirs.clone().unwrap(),
        amount: usd(2_000),
    };
    let refused = declined(account.connected.holds.as_ref().unwrap().capture(&capture).await);
    assert_eq!(refused.snapshot.unwrap().status, PaymentStatus::Canceled);
    assert_eq!(account.vendor.captured(&order.id.payment), [0; 0]);
}

#[tokio::test]
async fn what_failed_may_succeed_after_all() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::InsufficientFunds).await;
    let decline = declined(account.charge(&order).await);
    let theirs = decline.reference.clone().unwrap();
    assert!(account.vendor.does(Deed::SucceedsLate(&theirs)));
    let found = account.now(decline.snapshot.as_deref().unwrap(), &order).await;
    assert_eq!(
        (found.status, found.captured),
        (PaymentStatus::Succeeded, usd(2_000).get())
    );
}

#[tokio::test]
async fn after_a_day_a_key_is_forgotten() {
    let account = Account::new().await;
    let order = account.stored(Behaviour::Succeeds).await;
    done(account.charge(&order).await);
    account.runtime.clock.advance(Duration::from_secs(24 * 3600 - 1));
    done(account.charge(&order).await);
    assert_eq!(account.vendor.captured(&order.id.payment), [2_000]);
    account.runtime.clock.advance(Duration::from_secs(1));
    done(account.charge(&order).await);
    assert_eq!(
        account.vendor.captured(&order.id.payment),
        [2_000, 2_000],
        "the terms say so"
    );
}
