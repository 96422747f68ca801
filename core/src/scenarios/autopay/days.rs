//! Collections on a day of the month: told before, in the zone of the customer, and never unannounced.

use portcullis_ports::testkit::payments::Behaviour;

use super::{DAY, on, saver, settle_in};
use crate::areas::autopay::{AutopayResult, AutopayTrigger, SetAutopay};
use crate::foundation::calendar::Zone;
use crate::scenarios::payments::{Shop, shop_in, usd};
use crate::scenarios::subscriptions;
use crate::testing::world_paying;

/// The clock of the tests begins on 21 September 2026, 14:13 in UTC.
fn on_day(day: u8, zone: &str) -> SetAutopay {
    SetAutopay {
        trigger: Some(AutopayTrigger::Day),
        day: Some(day),
        time_zone: Some(Zone::parse(zone).unwrap()),
        ..on()
    }
}

/// Days pass, each with what is due on it.
async fn pass(shop: &Shop, days: u64) {
    for _ in 0..days * 2 {
        shop.world.wait(DAY / 2);
        shop.collect().await;
    }
}

#[tokio::test]
async fn it_is_told_two_days_before_and_collected_on_the_day() {
    let shop = saver(Behaviour::Succeeds).await;
    let set = shop.set(&on_day(28, "Europe/Berlin")).await;
    // Nine in the morning in Berlin in summer.
    assert_eq!(set.next_at, Some(1_790_578_800));
    shop.charge(usd(5_000)).await;
    pass(&shop, 4).await;
    assert!(shop.told(&["we will collect"]).await.is_empty());
    pass(&shop, 1).await;
    let told = shop.told(&["we will collect"]).await;
    assert_eq!(told.len(), 1);
    for said in ["2026-09-28", "50.00 USD", "Visa ···· 4242", "/billing"] {
        assert!(told[0].contains(said), "{}", told[0]);
    }
    // What becomes due until then is collected with it.
    shop.charge(usd(1_000)).await;
    assert!(shop.vendor.payments().is_empty());
    pass(&shop, 2).await;
    assert_eq!((shop.vendor.payments().len(), shop.taken()), (1, 6_000));
    let rule = shop.rule().await;
    assert_eq!(
        rule.next_at,
        Some(1_793_174_400),
        "a month later, when it is winter there"
    );
    assert_eq!(shop.told(&["we will collect"]).await.len(), 1);
    pass(&shop, 35).await;
    assert_eq!(shop.vendor.payments().len(), 1, "nothing was due");
    assert_eq!(shop.told(&["we will collect"]).await.len(), 1);
}

#[tokio::test]
async fn what_becomes_due_too_late_to_be_told_is_collected_later() {
    let shop = saver(Behaviour::Succeeds).await;
    shop.set(&on_day(28, "UTC")).await;
    pass(&shop, 5).await;
    shop.world.wait(DAY);
    shop.charge(usd(5_000)).await;
    shop.collect().await;
    pass(&shop, 1).await;
    assert!(shop.vendor.payments().is_empty(), "it was not announced");
    assert_eq!(shop.told(&["we will collect"]).await.len(), 1);
    pass(&shop, 2).await;
    assert_eq!(shop.taken(), 5_000);
    let next = shop.rule().await.next_at.unwrap();
    assert_eq!(next, 1_793_178_000, "the next turn is that of the next month");
}

#[tokio::test]
async fn who_pays_after_the_notice_is_not_charged_again() {
    let shop = saver(Behaviour::Succeeds).await;
    shop.set(&on_day(28, "UTC")).await;
    shop.charge(usd(5_000)).await;
    pass(&shop, 5).await;
    assert_eq!(shop.told(&["we will collect"]).await.len(), 1);
    let paid = shop
        .paid("hand", &crate::scenarios::payments::balance_payment(None))
        .await;
    assert_eq!(paid.captured.minor, 5_000);
    pass(&shop, 10).await;
    assert_eq!(shop.vendor.payments().len(), 1);
    assert_eq!(shop.result().await, None);
}

#[tokio::test]
async fn a_refused_day_is_tried_again_and_keeps_the_turn_of_the_next_month() {
    let shop = saver(Behaviour::InsufficientFunds).await;
    shop.set(&on_day(28, "UTC")).await;
    shop.charge(usd(5_000)).await;
    pass(&shop, 7).await;
    assert_eq!(shop.result().await, Some(AutopayResult::Retrying));
    pass(&shop, 11).await;
    assert_eq!(shop.result().await, Some(AutopayResult::Failed));
    assert_eq!(
        shop.vendor.payments().len(),
        4,
        "once, and after one, three and five days"
    );
    assert_eq!(shop.rule().await.next_at, Some(1_793_178_000));
}

#[tokio::test]
async fn another_zone_gives_no_second_allowance_in_a_month() {
    // Sessions last as long as it takes.
    let (world, vendor) = Box::pin(world_paying(subscriptions::settings())).await;
    let shop = shop_in(world, vendor).await;
    settle_in(&shop, Behaviour::Succeeds).await;
    let bounded = |zone: &str| SetAutopay {
        month_ceiling: Some(2_000),
        time_zone: Some(Zone::parse(zone).unwrap()),
        ..on()
    };
    shop.set(&bounded("UTC")).await;
    // Until 30 September, 20:13 in UTC; on Kiritimati it is October.
    shop.world.wait(9 * DAY + DAY / 4);
    shop.charge(usd(2_000)).await;
    shop.collect().await;
    assert_eq!(shop.taken(), 2_000);
    shop.charge(usd(1_500)).await;
    shop.collect().await;
    for zone in ["Pacific/Kiritimati", "UTC", "Pacific/Kiritimati"] {
        shop.set(&bounded(zone)).await;
        shop.collect().await;
        assert_eq!(
            (shop.taken(), shop.rule().await.month_taken),
            (2_000, 2_000),
            "{zone}"
        );
    }
    assert_eq!(shop.result().await, Some(AutopayResult::AboveMonthCeiling));
    // The month in which it was taken ends where it began.
    assert_eq!(shop.rule().await.next_at, Some(1_790_812_800));
    shop.world.wait(DAY / 4);
    shop.collect().await;
    assert_eq!((shop.taken(), shop.rule().await.month_taken), (3_500, 1_500));

    // On Midway it is September again, and what was taken counts for October.
    shop.set(&bounded("Pacific/Midway")).await;
    shop.charge(usd(1_000)).await;
    shop.collect().await;
    assert_eq!((shop.taken(), shop.rule().await.month_taken), (3_500, 1_500));
    // The first of November on Midway, which is eleven hours behind UTC.
    assert_eq!(shop.rule().await.next_at, Some(1_793_530_800));
    shop.world.wait(31 * DAY + DAY / 2);
    shop.collect().await;
    assert_eq!((shop.taken(), shop.rule().await.month_taken), (4_500, 1_000));
}
