//! Money that is given back, comes back, or is taken back by a bank.

use std::time::Duration;

use portcullis_ports::payments::{DisputeKind, RefundReason};
use portcullis_ports::testkit::payments::PaymentFault;

use super::*;

fn part(amount: Option<Amount>) -> RefundPayment {
    RefundPayment {
        amount,
        reason: RefundReason::Requested,
    }
}

async fn refund(
    shop: &Shop,
    name: &str,
    payment: &PaymentView,
    amount: Option<Amount>,
) -> portcullis_ports::Result<Refunded> {
    let payments = shop.payments();
    payments
        .refund(&shop.operator, &key(name), &payment.id, &part(amount), &home())
        .await
}

#[tokio::test]
async fn refunds_add_up_to_what_was_taken_and_no_more() {
    let shop = shop().await;
    let paid = shop.paid("one", &purchase(usd(1_000))).await;
    let first = refund(&shop, "a", &paid, Some(usd(300))).await.unwrap();
    assert_eq!(
        (first.refund.state, first.payment.refundable.minor),
        (RefundState::Succeeded, 700)
    );
    let same = refund(&shop, "a", &paid, Some(usd(300))).await.unwrap();
    assert_eq!(same.refund.id, first.refund.id, "one key is one refund");
    let much = refund(&shop, "b", &paid, Some(usd(701))).await.unwrap_err();
    assert_eq!(much.code(), REFUND_EXCEEDS_PAYMENT);
    let rest = refund(&shop, "c", &paid, None).await.unwrap();
    assert_eq!(
        (rest.refund.amount, rest.payment.refunded),
        (usd(700).get(), usd(1_000).get())
    );
    assert_eq!(
        refund(&shop, "d", &paid, None).await.unwrap_err().code(),
        REFUND_EXCEEDS_PAYMENT
    );
    assert_eq!(
        shop.balance().await.owed,
        0,
        "the sale is taken back with its money"
    );
}

#[tokio::test]
async fn of_refunds_that_are_asked_for_at_once_as_many_happen_as_fit() {
    let shop = shop().await;
    let paid = shop.paid("one", &purchase(usd(1_000))).await;
    let names: Vec<String> = (0..8).map(|number| number.to_string()).collect();
    let asked = names
        .iter()
        .map(|name| refund(&shop, name, &paid, Some(usd(400))));
    let done = join_all(asked).await.into_iter().flatten().count();
    assert_eq!(done, 2);
    assert_eq!(shop.get(&paid).await.refunded, usd(800).get());
}

#[tokio::test]
async fn a_refund_that_comes_back_is_owed_again() {
    let shop = shop().await;
    shop.charge(usd(1_000)).await;
    let paid = shop.paid("one", &balance_payment(None)).await;
    refund(&shop, "a", &paid, None).await.unwrap();
    assert_eq!(
        shop.balance().await.owed,
        1_000,
        "what was paid back is owed again"
    );
    let picture = shop.vendor.payments().remove(0);
    assert!(shop.vendor.fail_refund(&picture.refunds[0].theirs));
    let back = shop.complete(&paid).await;
    assert_eq!(
        (back.refunds[0].state, back.refundable.minor),
        (RefundState::Failed, 1_000)
    );
    assert_eq!(shop.balance().await.owed, 0);
}

#[tokio::test]
async fn what_is_given_back_at_the_vendor_is_booked_and_shown_to_operators() {
    let shop = shop().await;
    let paid = shop.paid("one", &purchase(usd(1_000))).await;
    shop.vendor
        .refund_at_vendor(&reference(&paid), usd(250).get())
        .unwrap();
    let seen = shop.complete(&paid).await;
    assert_eq!(
        (seen.refunded.minor, seen.findings.as_slice()),
        (250, &[Finding::RefundFromElsewhere][..])
    );
    let open = shop.payments().open(&Filter::default(), 50, None).await.unwrap();
    assert_eq!(open.items.len(), 1);
    let explained = (Decision::Explained, "asked for by phone");
    let payments = shop.payments();
    payments
        .resolve(&shop.operator, &paid.id, explained, &home())
        .await
        .unwrap();
    assert!(
        payments
            .open(&Filter::default(), 50, None)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[tokio::test]
async fn what_a_bank_took_back_is_not_given_back_a_second_time() {
    let shop = shop().await;
    let paid = shop.paid("one", &purchase(usd(1_000))).await;
    let dispute = shop
        .vendor
        .dispute(&reference(&paid), DisputeKind::Chargeback)
        .unwrap();
    let contested = shop.complete(&paid).await;
    assert_eq!((contested.disputes.len(), contested.refundable.minor), (1, 0));
    assert_eq!(
        refund(&shop, "a", &paid, None).await.unwrap_err().code(),
        REFUND_EXCEEDS_PAYMENT
    );
    assert!(shop.vendor.decide_dispute(&dispute, true));
    let won = shop.complete(&paid).await;
    assert_eq!(won.refundable.minor, 1_000);
    assert_eq!(shop.balance().await.owed, 0);

    let paid = shop.paid("two", &purchase(usd(600))).await;
    let dispute = shop
        .vendor
        .dispute(&reference(&paid), DisputeKind::Chargeback)
        .unwrap();
    assert!(shop.vendor.decide_dispute(&dispute, false));
    shop.complete(&paid).await;
    assert_eq!(
        shop.balance().await.owed,
        0,
        "what was bought and not paid is given up, and nobody owes it"
    );
}

#[tokio::test]
async fn a_refund_of_which_nobody_knows_is_decided_by_an_operator_and_found_after_all() {
    let shop = shop().await;
    let paid = shop.paid("one", &purchase(usd(1_000))).await;
    shop.vendor.will(PaymentFault::ActsLate(Duration::from_secs(40)));
    let lost = refund(&shop, "a", &paid, None).await.unwrap();
    assert_eq!(lost.refund.state, RefundState::Unknown);
    let decided = shop
        .payments()
        .resolve(
            &shop.operator,
            &paid.id,
            (Decision::NotSent, "the vendor says so"),
            &home(),
        )
        .await
        .unwrap();
    assert_eq!(
        (decided.refunds[0].state, decided.refundable.minor),
        (RefundState::Failed, 1_000)
    );
    shop.world.wait(60);
    let seen = shop.complete(&paid).await;
    assert_eq!(
        (seen.refunds[0].state, seen.refunded.minor, seen.refundable.minor),
        (RefundState::Succeeded, 1_000, 0)
    );
    assert!(seen.findings.contains(&Finding::RefundFromElsewhere));
}
