//! Money that is held: for how long, renewed, captured and released.

use std::time::Duration;

use portcullis_ports::Clock as _;
use portcullis_ports::outcome::Outcome;
use portcullis_ports::payments::{Capture, CaptureOrder, Charge, PaymentStatus, Snapshot, VoidOrder};
use portcullis_ports::testkit::Fault;
use portcullis_ports::testkit::payments::Counterparty as _;
use portcullis_provider_paypal::simulator::Behaviour;

use crate::account::{Account, declined, done, usd};

const DAY: Duration = Duration::from_hours(24);

async fn held(account: &Account) -> (Charge, Snapshot) {
    let mut order = account.stored(Behaviour::Card);
    order.capture = Capture::Later;
    let held = done(account.charge(&order).await);
    assert_eq!(
        (held.status, held.capturable),
        (PaymentStatus::Authorized, usd(2_000).get())
    );
    (order, held)
}

fn capture(account: &Account, order: &Charge, held: &Snapshot, amount: i64) -> CaptureOrder {
    CaptureOrder {
        id: order.id.clone(),
        key: account.key(),
        resend: false,
        payment: held.theirs.clone().unwrap(),
        amount: usd(amount),
    }
}

fn renewals(account: &Account) -> usize {
    let exchanges = account.client.exchanges();
    exchanges
        .iter()
        .filter(|(request, _)| request.url.ends_with("/reauthorize"))
        .count()
}

#[tokio::test]
async fn within_three_days_it_is_captured_as_it_is_and_later_it_is_renewed_first() {
    let account = Account::new().await;
    let holds = account.connected.holds.as_ref().unwrap();
    for (days, expected) in [(2, 0), (4, 1), (28, 2)] {
        let (order, made) = held(&account).await;
        assert_eq!(made.capture_before, Some(account.runtime.clock.now() + DAY * 29));
        account.runtime.clock.advance(DAY * days);
        let taken = done(holds.capture(&capture(&account, &order, &made, 2_000)).await);
        assert_eq!(taken.captured, usd(2_000).get());
        assert_eq!(renewals(&account), expected, "after {days} days");
        assert_eq!(account.vendor.captured(&order.id.payment), [2_000]);
    }
    let (order, made) = held(&account).await;
    account.runtime.clock.advance(DAY * 29);
    assert_eq!(
        declined(holds.capture(&capture(&account, &order, &made, 2_000)).await).code,
        "AUTHORIZATION_EXPIRED"
    );
    assert_eq!(account.now(&made, &order).await.status, PaymentStatus::Canceled);
}

#[tokio::test]
async fn a_little_more_than_is_held_is_not_taken_though_paypal_would() {
    let account = Account::new().await;
    let holds = account.connected.holds.as_ref().unwrap();
    let (order, made) = held(&account).await;
    assert_eq!(
        declined(holds.capture(&capture(&account, &order, &made, 2_100)).await).code,
        "MAX_CAPTURE_AMOUNT_EXCEEDED"
    );
    assert_eq!(account.vendor.captured(&order.id.payment), [0; 0]);
}

#[tokio::test]
async fn a_capture_whose_answer_is_lost_is_asked_for_again_under_its_key() {
    let account = Account::new().await;
    let holds = account.connected.holds.as_ref().unwrap();
    let (order, made) = held(&account).await;
    let once = capture(&account, &order, &made, 1_500);
    // The order is read, then the money is asked for.
    account.passes(1);
    account.will(Fault::AnswerLost);
    assert!(matches!(holds.capture(&once).await, Outcome::Unknown(_)));
    account.runtime.clock.advance(DAY * 20);
    let again = CaptureOrder { resend: true, ..once };
    assert_eq!(done(holds.capture(&again).await).captured, usd(1_500).get());
    assert_eq!(account.vendor.captured(&order.id.payment), [1_500]);
}

#[tokio::test]
async fn a_renewal_whose_answer_is_lost_captures_nothing() {
    let account = Account::new().await;
    let holds = account.connected.holds.as_ref().unwrap();
    let (order, made) = held(&account).await;
    account.runtime.clock.advance(DAY * 5);
    let once = capture(&account, &order, &made, 1_500);
    // A token, and the order.
    account.passes(2);
    account.will(Fault::AnswerLost);
    assert!(matches!(holds.capture(&once).await, Outcome::NotSent(_)));
    assert_eq!(account.vendor.captured(&order.id.payment), [0; 0]);
    done(holds.capture(&once).await);
    assert_eq!(
        (renewals(&account), account.vendor.captured(&order.id.payment)),
        (1, vec![1_500])
    );
}

#[tokio::test]
async fn what_was_released_is_released_and_what_was_captured_is_not() {
    let account = Account::new().await;
    let holds = account.connected.holds.as_ref().unwrap();
    let (order, made) = held(&account).await;
    let void = VoidOrder {
        id: order.id.clone(),
        key: account.key(),
        resend: false,
        payment: made.theirs.clone().unwrap(),
    };
    for _ in 0..2 {
        assert_eq!(done(holds.void(&void).await).status, PaymentStatus::Canceled);
    }
    assert_eq!(
        declined(holds.capture(&capture(&account, &order, &made, 2_000)).await).code,
        "AUTHORIZATION_VOIDED"
    );
    let (order, made) = held(&account).await;
    done(holds.capture(&capture(&account, &order, &made, 2_000)).await);
    let void = VoidOrder {
        payment: made.theirs.unwrap(),
        ..void
    };
    assert_eq!(declined(holds.void(&void).await).code, "PREVIOUSLY_CAPTURED");
    let nothing = done(account.charge(&account.stored(Behaviour::Card)).await);
    let void = VoidOrder {
        payment: nothing.theirs.unwrap(),
        ..void
    };
    assert_eq!(declined(holds.void(&void).await).code, "nothing-held");
}
