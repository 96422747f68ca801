//! Calls of which nobody knows what became: looked up, sent again where that is harmless, and never guessed.

use std::time::Duration;

use portcullis_ports::outcome::Outcome;
use portcullis_ports::storage::STORE_UNAVAILABLE;
use portcullis_ports::testkit::payments::PaymentFault;

use super::*;

/// So many looks, hours apart.
async fn quiet(shop: &Shop) {
    for _ in 0..40 {
        shop.world.wait(1_800);
        shop.watch().await;
    }
}

#[tokio::test]
async fn whatever_goes_wrong_the_payer_pays_once() {
    for fault in [
        PaymentFault::Refused,
        PaymentFault::AnswerLost,
        PaymentFault::ActsThenFails,
        PaymentFault::ActsLate(Duration::from_secs(40)),
        PaymentFault::RequestLost,
        PaymentFault::Busy(Duration::from_secs(30)),
    ] {
        let shop = shop().await;
        shop.charge(usd(2_000)).await;
        shop.vendor.will(fault);
        let begun = shop.begin("one", &balance_payment(None)).await;
        assert!(
            matches!(
                begun.status,
                Status::Unknown | Status::RequiresAction | Status::Failed
            ),
            "{fault:?}: {begun:?}"
        );
        if begun.status == Status::Unknown {
            assert_eq!(
                shop.balance().await.payable,
                0,
                "{fault:?}: nothing is free on a guess"
            );
        }
        for _ in 0..6 {
            shop.world.wait(60);
            shop.watch().await;
        }
        let known = shop.get(&begun).await;
        assert!(
            matches!(known.status, Status::RequiresAction | Status::Failed),
            "{fault:?}: {known:?}"
        );
        if known.status == Status::RequiresAction {
            for payment in shop.vendor.payments() {
                shop.vendor.pay(&payment.theirs.unwrap());
            }
            quiet(&shop).await;
            let done = shop.get(&begun).await;
            assert_eq!(done.status, Status::Succeeded, "{fault:?}");
            assert_eq!(
                shop.vendor.captured_for(&begun.id),
                done.captured.minor,
                "{fault:?}"
            );
        }
        assert!(
            shop.vendor.acted_twice().is_empty() || fault == PaymentFault::ActsTwice,
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_process_that_dies_before_the_call_leaves_a_payment_that_ends() {
    let shop = shop().await;
    shop.charge(usd(2_000)).await;
    // Ada is known to the vendor.
    let before = shop.begin("before", &purchase(usd(700))).await;
    shop.payments()
        .cancel(&shop.ada, &before.id, &home())
        .await
        .unwrap();
    // The answer of the commit is lost: nobody makes the call that it announces.
    shop.world.store.commit_then_fail_next();
    let died = shop
        .payments()
        .create(&shop.ada, &key("one"), &balance_payment(None), &home())
        .await;
    assert_eq!(died.unwrap_err().code(), STORE_UNAVAILABLE);
    let again = shop.begin("one", &balance_payment(None)).await;
    assert_eq!(
        again.status,
        Status::Sending,
        "the key names the payment that was written down"
    );
    let hasty = shop
        .payments()
        .resolve(&shop.operator, &again.id, (Decision::NotSent, "x"), &home())
        .await;
    assert_eq!(
        hasty.unwrap_err().code(),
        PAYMENT_STATE,
        "it may still be answered"
    );
    shop.world.wait(60);
    shop.watch().await;
    let known = shop.get(&again).await;
    assert_eq!(
        known.status,
        Status::RequiresAction,
        "it is sent under the key that it always had"
    );
    assert_eq!(shop.vendor.payments().len(), 2);
}

#[tokio::test]
async fn what_nobody_can_tell_is_an_operators_to_decide_and_late_money_is_a_credit() {
    let shop = shop().await;
    shop.charge(usd(2_000)).await;
    shop.vendor.will(PaymentFault::AnswerLost);
    let begun = shop.begin("one", &balance_payment(None)).await;
    assert_eq!(begun.status, Status::Unknown);
    let open = shop.payments().open(&Filter::default(), 50, None).await.unwrap();
    assert_eq!(open.items.len(), 1, "operators see it at once");
    let decided = shop
        .payments()
        .resolve(&shop.operator, &begun.id, (Decision::LookAgain, "x"), &home())
        .await
        .unwrap();
    assert_eq!(
        decided.status,
        Status::RequiresAction,
        "the vendor knew it after all"
    );
    let late = shop
        .payments()
        .resolve(&shop.operator, &begun.id, (Decision::NotSent, "x"), &home())
        .await;
    assert_eq!(late.unwrap_err().code(), PAYMENT_STATE);
}

#[tokio::test]
async fn a_vendor_that_was_not_asked_is_told_apart_from_one_that_refused() {
    let shop = shop().await;
    shop.vendor.will(PaymentFault::Refused);
    let unsent = shop.begin("one", &purchase(usd(700))).await;
    assert_eq!((unsent.status, unsent.unsent), (Status::Failed, true));
    let asked = shop.begin("two", &purchase(usd(700))).await;
    assert!(shop.vendor.fail(&reference(&asked)));
    let refused = shop.complete(&asked).await;
    assert!(!refused.unsent);
}

#[tokio::test]
async fn whoever_polls_takes_no_patience_from_the_watch_and_no_time_of_the_vendor() {
    let shop = shop().await;
    let begun = shop.begin("one", &purchase(usd(700))).await;
    let limit = Settings::default().billing.looks_per_account.most;
    for _ in 0..limit {
        let looked = shop.complete(&begun).await;
        assert_eq!(looked.findings, []);
    }
    let more = shop
        .payments()
        .complete(&shop.ada, &begun.id, &Handed::default(), &home())
        .await
        .unwrap_err();
    assert_eq!(more.code(), TOO_MANY_PAYMENTS);
    let called_off = shop.payments().cancel(&shop.ada, &begun.id, &home()).await;
    assert_eq!(called_off.unwrap_err().code(), TOO_MANY_PAYMENTS);
    // The payment itself is watched all the same.
    assert!(shop.vendor.pay(&reference(&begun)));
    quiet(&shop).await;
    assert_eq!(shop.get(&begun).await.status, Status::Succeeded);
}

#[tokio::test]
async fn a_repeat_is_answered_though_the_vendor_takes_nothing_any_more() {
    let shop = shop().await;
    let begun = shop.begin("one", &purchase(usd(700))).await;
    let moved = CreatePayment {
        vendor: Some("elsewhere".to_owned()),
        ..purchase(usd(700))
    };
    let other = shop
        .payments()
        .create(&shop.ada, &key("one"), &moved, &home())
        .await
        .unwrap_err();
    assert_eq!(other.code(), KEY_REUSED, "the key is looked at before the vendor");
    let calls = shop.vendor.payments().len();
    let again = shop.begin("one", &purchase(usd(700))).await;
    assert_eq!((again.id, shop.vendor.payments().len()), (begun.id, calls));
}

#[tokio::test]
async fn a_payer_whom_the_vendor_lost_pays_as_a_new_customer() {
    let shop = shop().await;
    let main = shop.world.app.payment_vendors.named("main").unwrap();
    let methods = &shop.world.app.payment_methods;
    let lost = methods.customer(main, shop.ada.subject()).await.unwrap().unwrap();
    let customers = shop.vendor.connected().customers.unwrap();
    assert!(matches!(customers.remove(&lost).await, Outcome::Done(())));
    let refused = shop.begin("one", &purchase(usd(700))).await;
    assert_eq!(refused.status, Status::Failed);
    assert_eq!(refused.failure.unwrap().class, DeclineClass::OurSide);
    let paid = shop.paid("two", &purchase(usd(700))).await;
    assert_eq!(paid.status, Status::Succeeded);
}
