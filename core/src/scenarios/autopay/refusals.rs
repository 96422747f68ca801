//! Banks that refuse, methods that are gone, bounds that are reached.

use portcullis_ports::testkit::payments::Behaviour;

use super::{DAY, keep, on, saver};
use crate::areas::autopay::{AutopayResult, SetAutopay, StoppedBy};
use crate::scenarios::payments::{balance_payment, usd};

#[tokio::test]
async fn a_refusal_for_now_is_tried_again_as_often_as_the_setting_says() {
    let shop = saver(Behaviour::InsufficientFunds).await;
    shop.set(&on()).await;
    shop.charge(usd(5_000)).await;
    shop.collect().await;
    assert_eq!(shop.vendor.payments().len(), 1);
    assert_eq!(shop.result().await, Some(AutopayResult::Retrying));
    assert_eq!(shop.rule().await.month_taken, 0);
    // A debit in between does not try sooner.
    shop.charge(usd(100)).await;
    shop.collect().await;
    assert_eq!(shop.vendor.payments().len(), 1);
    for (days, tries) in [(1, 2), (3, 3), (5, 4), (30, 4)] {
        shop.world.wait(days * DAY);
        shop.collect().await;
        assert_eq!(shop.vendor.payments().len(), tries, "after {days} days more");
    }
    assert_eq!(shop.result().await, Some(AutopayResult::Failed));
    assert!(shop.rule().await.enabled, "another debit begins anew");
    assert_eq!(shop.told(&["We will try again on"]).await.len(), 3);
    assert_eq!(shop.told(&["as often as we tried"]).await.len(), 1);
    assert_eq!(shop.balance().await.payable, 5_100);
    let paid = shop.paid("hand", &balance_payment(None)).await;
    assert_eq!(paid.captured.minor, 5_100);
}

#[tokio::test]
async fn a_refusal_for_good_turns_it_off() {
    let shop = saver(Behaviour::Stolen).await;
    shop.set(&on()).await;
    shop.charge(usd(5_000)).await;
    shop.collect().await;
    let rule = shop.rule().await;
    assert_eq!(
        (rule.enabled, rule.stopped_by, rule.next_at),
        (false, Some(StoppedBy::HardDecline), None)
    );
    shop.charge(usd(100)).await;
    shop.world.wait(40 * DAY);
    shop.collect().await;
    assert_eq!(shop.vendor.payments().len(), 1);
    assert_eq!(shop.told(&["Automatic payment was turned off"]).await.len(), 1);
}

#[tokio::test]
async fn after_a_refusal_for_good_it_goes_on_with_another_method() {
    let shop = saver(Behaviour::Stolen).await;
    shop.set(&on()).await;
    shop.charge(usd(5_000)).await;
    shop.collect().await;
    let other = keep(&shop, &shop.vendor, Behaviour::Succeeds).await;
    let command = SetAutopay {
        payment_method_id: Some(other.clone()),
        ..on()
    };
    let set = shop.set(&command).await;
    assert_eq!((set.payment_method_id, set.stopped_by), (Some(other), None));
    shop.collect().await;
    assert_eq!(shop.taken(), 5_000);
}

#[tokio::test]
async fn without_a_method_it_is_turned_off() {
    let shop = saver(Behaviour::Succeeds).await;
    let methods = &shop.world.app.payment_methods;
    let only = methods.list(shop.ada.subject()).await.unwrap();
    shop.set(&on()).await;
    methods
        .remove(&shop.ada, &only[0].payment_method_id)
        .await
        .unwrap();
    shop.charge(usd(5_000)).await;
    shop.collect().await;
    let rule = shop.rule().await;
    assert_eq!(
        (rule.enabled, rule.stopped_by, rule.last.unwrap().result),
        (false, Some(StoppedBy::MethodGone), AutopayResult::Stopped)
    );
    assert_eq!(shop.told(&["cannot be charged any more"]).await.len(), 1);
    assert!(shop.vendor.payments().is_empty());
}

#[tokio::test]
async fn what_the_bank_wants_confirmed_is_left_to_the_customer() {
    let shop = saver(Behaviour::Authenticates).await;
    shop.set(&on()).await;
    shop.charge(usd(5_000)).await;
    shop.collect().await;
    assert_eq!(shop.result().await, Some(AutopayResult::NeedsCustomer));
    shop.world.wait(20 * DAY);
    shop.collect().await;
    assert_eq!(shop.vendor.payments().len(), 1, "trying again helps nobody");
    let told = shop.told(&["wants you to confirm"]).await;
    assert_eq!(told.len(), 1);
    assert!(
        told[0].contains("https://gate.example.com/billing"),
        "{}",
        told[0]
    );
    assert_eq!(shop.balance().await.payable, 5_000, "it can be paid by hand");
    assert!(shop.rule().await.enabled);
}

#[tokio::test]
async fn more_than_one_payment_may_take_is_not_collected_in_part() {
    let shop = saver(Behaviour::Succeeds).await;
    let command = SetAutopay {
        payment_ceiling: Some(4_000),
        ..on()
    };
    shop.set(&command).await;
    shop.charge(usd(4_000)).await;
    shop.collect().await;
    assert_eq!(shop.taken(), 4_000, "a ceiling may be reached");
    for minor in [4_001, 500] {
        shop.charge(usd(minor)).await;
        shop.collect().await;
    }
    assert_eq!(shop.taken(), 4_000);
    assert_eq!(shop.result().await, Some(AutopayResult::AbovePaymentCeiling));
    assert_eq!(
        shop.told(&["more than you allow for one"]).await.len(),
        1,
        "once is enough"
    );
    let more = SetAutopay {
        payment_ceiling: Some(5_000),
        ..on()
    };
    shop.set(&more).await;
    shop.collect().await;
    assert_eq!(shop.taken(), 8_501);
}

#[tokio::test]
async fn what_is_above_the_ceiling_of_a_month_waits_for_the_next() {
    let shop = saver(Behaviour::Succeeds).await;
    let command = SetAutopay {
        month_ceiling: Some(6_000),
        ..on()
    };
    shop.set(&command).await;
    shop.charge(usd(4_000)).await;
    shop.collect().await;
    shop.charge(usd(2_001)).await;
    shop.collect().await;
    assert_eq!(shop.taken(), 4_000);
    assert_eq!(shop.result().await, Some(AutopayResult::AboveMonthCeiling));
    // The first of October begins in UTC.
    assert_eq!(shop.rule().await.next_at, Some(1_790_812_800));
    shop.world.wait(9 * DAY);
    shop.collect().await;
    assert_eq!(shop.taken(), 4_000);
    shop.world.wait(DAY);
    shop.collect().await;
    assert_eq!((shop.taken(), shop.rule().await.month_taken), (6_001, 2_001));
}

#[tokio::test]
async fn what_is_below_the_least_of_the_vendor_waits_for_more() {
    let shop = saver(Behaviour::Succeeds).await;
    shop.set(&on()).await;
    shop.charge(usd(49)).await;
    shop.collect().await;
    assert!(shop.vendor.payments().is_empty());
    assert_eq!(shop.result().await, None);
    shop.charge(usd(1)).await;
    shop.collect().await;
    assert_eq!(shop.taken(), 50);
}
