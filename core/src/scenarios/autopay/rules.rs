//! Who may set what, and what of it needs a proof.

use portcullis_ports::money::Currency;
use portcullis_ports::testkit::payments::Behaviour;

use super::{DAY, on, saver, set_frozen};
use crate::areas::autopay::{AutopayTrigger, SetAutopay};
use crate::areas::payment_methods::{METHOD_NOT_FOUND, NO_DEFAULT_METHOD, PaymentMethodId};
use crate::areas::payments::{CreatePayment, NOTHING_DUE, PayWith, Payer};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::source::Source;
use crate::scenarios::payments::{balance_payment, key, shop, usd};
use crate::services::billing_freezes::BILLING_FROZEN;

fn bounded(payment: i64, month: i64) -> SetAutopay {
    SetAutopay {
        payment_ceiling: Some(payment),
        month_ceiling: Some(month),
        ..on()
    }
}

#[tokio::test]
async fn more_needs_a_fresh_proof_and_less_never_does() {
    let shop = saver(Behaviour::Succeeds).await;
    let set = shop.set(&bounded(4_000, 9_000)).await;
    assert_eq!(
        (set.payment_ceiling, set.month_ceiling),
        (Some(4_000), Some(9_000))
    );
    assert_eq!(shop.told(&["was turned on"]).await.len(), 1);
    shop.world.wait(600);
    let autopay = &shop.world.app.autopay;
    let by_day = SetAutopay {
        trigger: Some(AutopayTrigger::Day),
        day: Some(1),
        ..on()
    };
    for more in [
        bounded(4_001, 9_000),
        bounded(4_000, 9_001),
        bounded(0, 9_000),
        bounded(4_000, 0),
        by_day,
    ] {
        let refused = autopay.set(&shop.ada, &more).await.unwrap_err();
        assert_eq!(refused.code(), STEP_UP_REQUIRED, "{more:?}");
    }
    let same = shop.set(&bounded(4_000, 9_000)).await;
    assert_eq!(same.changed_at, set.changed_at);
    let less = shop.set(&bounded(3_000, 8_000)).await;
    assert_eq!(
        (less.payment_ceiling, less.month_ceiling),
        (Some(3_000), Some(8_000))
    );
    let off = SetAutopay {
        enabled: false,
        ..on()
    };
    assert!(!shop.set(&off).await.enabled);
    let refused = autopay.set(&shop.ada, &on()).await.unwrap_err();
    assert_eq!(refused.code(), STEP_UP_REQUIRED);
    assert_eq!(shop.told(&["was turned on"]).await.len(), 1);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_its_field() {
    let shop = saver(Behaviour::Succeeds).await;
    let autopay = &shop.world.app.autopay;
    let day = Some(AutopayTrigger::Day);
    let cases = [
        (SetAutopay { trigger: day, ..on() }, "/day"),
        (
            SetAutopay {
                trigger: day,
                day: Some(32),
                ..on()
            },
            "/day",
        ),
        (SetAutopay { day: Some(3), ..on() }, "/day"),
        (
            SetAutopay {
                threshold: Some(3),
                ..on()
            },
            "/threshold",
        ),
        (
            SetAutopay {
                trigger: Some(AutopayTrigger::Threshold),
                ..on()
            },
            "/threshold",
        ),
        (
            SetAutopay {
                currency: None,
                ..on()
            },
            "/currency",
        ),
    ];
    for (command, field) in cases {
        let refused = autopay.set(&shop.ada, &command).await.unwrap_err();
        assert_eq!(refused.fields()[0].pointer, field, "{command:?}");
    }
    let none = PaymentMethodId::parse("pm_01h2xcejqtf2nbrexx3vqjhp41").unwrap();
    let command = SetAutopay {
        payment_method_id: Some(none),
        ..on()
    };
    let refused = autopay.set(&shop.ada, &command).await.unwrap_err();
    assert_eq!(refused.code(), METHOD_NOT_FOUND);
    assert!(autopay.list(shop.ada.subject()).await.unwrap().rules.is_empty());
}

#[tokio::test]
async fn nobody_turns_it_on_without_a_method_or_with_frozen_billing() {
    let shop = shop().await;
    let autopay = &shop.world.app.autopay;
    let refused = autopay.set(&shop.ada, &on()).await.unwrap_err();
    assert_eq!(refused.code(), NO_DEFAULT_METHOD);
    let shop = saver(Behaviour::Succeeds).await;
    shop.set(&on()).await;
    set_frozen(&shop, true).await;
    let off = SetAutopay {
        enabled: false,
        ..on()
    };
    assert!(!shop.set(&off).await.enabled, "turning it off is always possible");
    let refused = shop.world.app.autopay.set(&shop.ada, &on()).await.unwrap_err();
    assert_eq!(refused.code(), BILLING_FROZEN);
}

#[tokio::test]
async fn nothing_is_collected_once_it_is_off() {
    let shop = saver(Behaviour::Succeeds).await;
    shop.set(&on()).await;
    shop.charge(crate::scenarios::payments::usd(5_000)).await;
    let off = SetAutopay {
        enabled: false,
        ..on()
    };
    shop.set(&off).await;
    shop.collect().await;
    shop.world.wait(40 * DAY);
    shop.collect().await;
    assert!(shop.vendor.payments().is_empty());
}

#[tokio::test]
async fn the_settings_of_billing_say_whether_it_is_on() {
    let shop = saver(Behaviour::Succeeds).await;
    let settings = || async {
        let autopay = &shop.world.app.autopay;
        autopay.billing_settings(shop.ada.subject()).await.unwrap()
    };
    let before = settings().await;
    assert_eq!((before.autopay_enabled, before.currency), (false, None));
    assert!(before.default_payment_method_id.is_some());
    assert_eq!(before.default_payment_method_id, before.default_payment_token_id);
    shop.set(&on()).await;
    let after = settings().await;
    assert_eq!(
        (after.autopay_enabled, after.currency),
        (true, Currency::parse("USD").ok())
    );
    assert_eq!(after.autopay.len(), 1);
}

#[tokio::test]
async fn a_ceiling_holds_in_the_moment_in_which_a_payment_begins() {
    let shop = saver(Behaviour::Succeeds).await;
    shop.set(&bounded(3_000, 4_000)).await;
    let collect = async |name: &str, minor: i64| {
        let stored = CreatePayment {
            with: PayWith::Stored(None),
            ..balance_payment(Some(usd(minor)))
        };
        let source = Source::internal("autopay");
        let payer = Payer::Absent(shop.ada.subject());
        let payments = shop.payments();
        payments.create_for(payer, &key(name), &stored, &source).await
    };
    shop.charge(usd(3_001)).await;
    // It was decided before the ceiling was lowered.
    let above = collect("one", 3_001).await.unwrap_err();
    assert_eq!(above.code(), NOTHING_DUE);
    collect("two", 3_000).await.unwrap();
    shop.charge(usd(2_000)).await;
    let above = collect("three", 1_001).await.unwrap_err();
    assert_eq!(above.code(), NOTHING_DUE);
    collect("four", 1_000).await.unwrap();
    assert_eq!((shop.taken(), shop.rule().await.month_taken), (4_000, 4_000));
}
