//! The brake on the bill for text messages.

use portcullis_ports::Retry;
use portcullis_ports::notification::Destination;
use portcullis_ports::outcome::{Outcome, Reason};

use crate::areas::challenges::{SendSmsCode, VerifyCode};
use crate::areas::factors::AddPhone;
use crate::areas::sessions::Identified;
use crate::foundation::lane::Lane;
use crate::foundation::limit::Limit;
use crate::foundation::prefix::Prefix;
use crate::foundation::price::Price;
use crate::foundation::settings::CheckedTable;
use crate::foundation::table::Batch;
use crate::foundation::testing::secret;
use crate::foundation::texts::Language;
use crate::services::outbox::Draft;
use crate::services::sms_spend::*;
use crate::testing::{World, world_with};
use portcullis_ports::Result;
use portcullis_ports::Span;
use portcullis_ports::contact::PhoneNumber;
use std::collections::BTreeMap;

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn limits() -> Settings {
    let prefix = |text| Prefix::parse(text).unwrap();
    Settings {
        default_price: Some(price("0.20 USD")),
        per_segment: BTreeMap::from([(prefix("+1"), price("0.0079 USD"))]),
        sign_in_reserve: 0,
        ..Settings::default()
    }
}

async fn world_limited(sms_spend: Settings) -> World {
    let mut settings = crate::settings::Settings {
        sms_spend,
        ..crate::settings::Settings::default()
    };
    // Only the money counts here.
    settings.budgets.send_interval = Span::seconds(1);
    settings.budgets.sends_per_account = Limit::new(1000, Span::hours(1));
    settings.budgets.sends_per_destination = Limit::new(1000, Span::hours(1));
    world_with(settings).await
}

async fn add_phone(world: &World, email: &str, phone: &str) -> Result<()> {
    let who = world.sign_up(email).await;
    let who = world.session(&who).await;
    let command = AddPhone {
        phone_e164: phone.parse().unwrap(),
        label: None,
    };
    world.app.factors.add_phone(&who, command).await.map(drop)
}

fn number(text: &str) -> PhoneNumber {
    text.parse().unwrap()
}

#[tokio::test]
async fn without_a_limit_nothing_is_counted() {
    let world = world_limited(limits()).await;
    add_phone(&world, "a@example.com", "+15005550006").await.unwrap();
    assert!(world.app.sms_spend.today().await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_spent_is_counted_before_it_is_sent_and_shown_by_prefix() {
    let world = world_limited(Settings {
        per_day: Some(price("1.00 USD")),
        ..limits()
    })
    .await;
    add_phone(&world, "a@example.com", "+15005550006").await.unwrap();
    add_phone(&world, "b@example.com", "+4915112345678")
        .await
        .unwrap();
    let today = world.app.sms_spend.today().await.unwrap().unwrap();
    assert_eq!(today.total.to_string(), "0.2079 USD");
    assert_eq!(today.limit.unwrap().to_string(), "1.00 USD");
    assert_eq!(today.day, "2026-09-21");
    let by_prefix: Vec<_> = today
        .by_prefix
        .iter()
        .map(|(prefix, price)| (prefix.as_str(), price.to_string()))
        .collect();
    assert_eq!(
        by_prefix,
        [("+1", "0.0079 USD".into()), ("+49", "0.20 USD".into())]
    );
}

#[tokio::test]
async fn a_limit_holds_until_midnight_utc_and_a_refusal_counts_nothing() {
    for (limits, phone, other) in [
        (
            Settings {
                per_day: Some(price("0.25 USD")),
                ..limits()
            },
            "+4915112345678",
            None,
        ),
        (
            Settings {
                per_prefix_day: Some(price("0.25 USD")),
                ..limits()
            },
            "+4915112345678",
            Some("+33612345678"),
        ),
        (
            Settings {
                per_number_day: Some(price("0.25 USD")),
                ..limits()
            },
            "+4915112345678",
            Some("+4915112345679"),
        ),
    ] {
        let world = world_limited(limits).await;
        add_phone(&world, "a@example.com", phone).await.unwrap();
        world.wait(2);
        let refused = add_phone(&world, "b@example.com", phone).await.unwrap_err();
        assert_eq!(refused.code(), SMS_SPEND_EXHAUSTED);
        let now = world.app.clock().now();
        let Retry::Later(wait) = refused.retry() else {
            panic!("no time is named")
        };
        assert_eq!((now + wait).seconds() % 86_400, 0);
        let spent = world.app.sms_spend.today().await.unwrap().unwrap();
        assert_eq!(spent.total.to_string(), "0.20 USD");
        if let Some(other) = other {
            add_phone(&world, "c@example.com", other).await.unwrap();
        }
        world.wait(wait.as_secs());
        add_phone(&world, "d@example.com", phone).await.unwrap();
    }
}

#[tokio::test]
async fn of_simultaneous_sends_no_more_pass_than_the_limit_pays_for() {
    let world = world_limited(Settings {
        per_day: Some(price("1.00 USD")),
        ..limits()
    })
    .await;
    let phone = number("+4915112345678");
    let tries = (0..20).map(|_| async {
        let spend = SmsSpend::new(&world.app.context, &world.app.settings().sms_spend);
        let quote = spend.quote([(&phone, "hello")]).unwrap();
        spend.take(&quote, Priority::Other).await
    });
    let results = futures_util::future::join_all(tries).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 5);
    let refusals: Vec<_> = results
        .into_iter()
        .filter_map(Result::err)
        .map(|error| error.code())
        .collect();
    assert!(
        refusals.iter().all(|code| *code == SMS_SPEND_EXHAUSTED),
        "{refusals:?}"
    );
}

#[tokio::test]
async fn a_long_text_costs_its_parts() {
    let world = world_limited(Settings {
        per_day: Some(price("9.00 USD")),
        ..limits()
    })
    .await;
    let phone = number("+4915112345678");
    let text = "ж".repeat(71);
    let quote = world
        .app
        .sms_spend
        .quote([(&phone, text.as_str()), (&phone, "short")])
        .unwrap();
    world.app.sms_spend.take(&quote, Priority::Other).await.unwrap();
    let today = world.app.sms_spend.today().await.unwrap().unwrap();
    assert_eq!(today.total.to_string(), "0.60 USD");
}

#[tokio::test]
async fn numbers_that_are_not_allowed_are_refused_before_anything_is_counted() {
    let prefix = |text| Prefix::parse(text).unwrap();
    let world = world_limited(Settings {
        allow: vec![prefix("+1"), prefix("+49")],
        deny: vec![prefix("+1900")],
        ..Settings::default()
    })
    .await;
    for (email, phone, allowed) in [
        ("a@example.com", "+12025550006", true),
        ("b@example.com", "+19005550006", false),
        ("c@example.com", "+33612345678", false),
    ] {
        let answer = add_phone(&world, email, phone).await;
        assert_eq!(answer.is_ok(), allowed, "{phone}");
        if let Err(error) = answer {
            assert_eq!(error.code(), SMS_DESTINATION_BLOCKED);
            assert_eq!(error.fields()[0].pointer, "/phone_e164");
        }
    }
}

#[tokio::test]
async fn a_notice_that_cannot_be_paid_for_is_withheld_and_fails_nothing() {
    let world = world_limited(Settings {
        per_day: Some(price("0.30 USD")),
        ..limits()
    })
    .await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let draft = Draft {
            to: Destination::Sms(number("+4915112345678")),
            language: Language::EN,
            subject: String::new(),
            text: "Your password was changed.".into(),
            code: None,
            lane: Lane::Notices,
            deliver_by: None,
        };
        let mut batch = Batch::default();
        ids.push(world.app.outbox.enqueue(&mut batch, draft).await.unwrap());
        world.app.context.commit(batch).await.unwrap();
        world.app.outbox.drain(Lane::Notices).await.unwrap();
    }
    assert_eq!(world.post.sent().len(), 1);
    let view = world.app.outbox.message(&ids[1]).await.unwrap();
    assert_eq!(view.delivery, crate::services::outbox::MessageStatus::Withheld);
    assert_eq!(view.attempts[0].detail, "sms-spend-exhausted");
}

#[tokio::test]
async fn a_notice_is_paid_for_once_also_if_its_first_worker_disappears() {
    let world = world_limited(Settings {
        per_day: Some(price("1.00 USD")),
        ..limits()
    })
    .await;
    let outbox = &world.app.outbox;
    let draft = Draft {
        to: Destination::Sms(number("+4915112345678")),
        language: Language::EN,
        subject: String::new(),
        text: "Your password was changed.".into(),
        code: None,
        lane: Lane::Notices,
        deliver_by: None,
    };
    let mut batch = Batch::default();
    outbox.enqueue(&mut batch, draft).await.unwrap();
    world.app.context.commit(batch).await.unwrap();
    outbox.lease_first(Lane::Notices).await;
    world.wait(31);
    let busy = Reason::passing("busy", "busy", std::time::Duration::from_secs(1));
    world.post.answers.lock().unwrap().push(Outcome::NotSent(busy));
    for _ in 0..2 {
        outbox.drain(Lane::Notices).await.unwrap();
        let today = world.app.sms_spend.today().await.unwrap().unwrap();
        assert_eq!(today.total.to_string(), "0.20 USD");
        world.wait(60);
    }
    assert_eq!(world.post.sent().len(), 1);
}

/// Somebody with an enrolled number who asks for a code to sign in.
async fn sign_in_code(world: &World, who: &Identified) -> Result<()> {
    let opened = world.challenge(who).await;
    let command = SendSmsCode {
        challenge_id: secret(&opened.challenge_id),
        sms_device_id: None,
    };
    world.app.challenges.send_sms(who, command).await.map(drop)
}

#[tokio::test]
async fn sign_ins_keep_a_reserve_that_enrolments_and_notices_cannot_use_up() {
    const ADA: &str = "+4915112345678";
    for (limits, strangers) in [
        (
            Settings {
                per_day: Some(price("2.00 USD")),
                ..limits()
            },
            "+33612345678",
        ),
        (
            Settings {
                per_prefix_day: Some(price("2.00 USD")),
                ..limits()
            },
            "+4915112345679",
        ),
        (
            Settings {
                per_number_day: Some(price("2.00 USD")),
                ..limits()
            },
            ADA,
        ),
    ] {
        let world = world_limited(Settings {
            sign_in_reserve: 40,
            ..limits
        })
        .await;
        let ada = world.sign_up("ada@example.com").await;
        let session = world.session(&ada).await;
        let command = AddPhone {
            phone_e164: ADA.parse().unwrap(),
            label: None,
        };
        let begun = world.app.factors.add_phone(&session, command).await.unwrap();
        let confirm = VerifyCode {
            challenge_id: secret(&begun.challenge_id),
            code: secret(&world.code_to(ADA).await),
        };
        world.app.factors.confirm_phone(&session, confirm).await.unwrap();
        let mut enrolled = 1;
        for stranger in 0..12 {
            world.wait(2);
            match add_phone(&world, &format!("eve{stranger}@example.com"), strangers).await {
                Ok(()) => enrolled += 1,
                Err(error) => assert_eq!(error.code(), SMS_SPEND_EXHAUSTED),
            }
        }
        assert_eq!(enrolled, 6, "60 % of 2.00 at 0.20 each");
        let quote = world
            .app
            .sms_spend
            .quote([(&number(strangers), "a notice")])
            .unwrap();
        let notice = world.app.sms_spend.take(&quote, Priority::Other).await;
        assert_eq!(notice.unwrap_err().code(), SMS_SPEND_EXHAUSTED);
        for _ in 0..4 {
            world.wait(2);
            sign_in_code(&world, &ada).await.unwrap();
        }
        world.wait(2);
        let refused = sign_in_code(&world, &ada).await.unwrap_err();
        assert_eq!(refused.code(), SMS_SPEND_EXHAUSTED, "the limit itself holds");
    }
}

#[test]
fn a_reserve_that_leaves_too_little_for_one_message_is_a_mistake() {
    let narrow = Settings {
        per_number_day: Some(price("0.30 USD")),
        sign_in_reserve: 50,
        ..limits()
    };
    let mistakes = narrow.check();
    assert_eq!(mistakes.len(), 1);
    assert_eq!(mistakes[0].path, "sms_spend.sign_in_reserve");
    let wide = Settings {
        sign_in_reserve: 30,
        ..narrow
    };
    assert!(wide.check().is_empty());
}

#[test]
fn amounts_of_two_currencies_and_a_missing_price_are_mistakes() {
    let wrong = Settings {
        per_day: Some(price("20.00 USD")),
        per_number_day: Some(price("1.00 EUR")),
        ..Settings::default()
    };
    let fields: Vec<_> = wrong.check().into_iter().map(|error| error.path).collect();
    assert_eq!(fields, ["sms_spend.per_number_day", "sms_spend.default_price"]);
    assert!(Settings::default().check().is_empty());
    let right = Settings {
        per_day: Some(price("20.00 USD")),
        ..limits()
    };
    assert!(right.check().is_empty());
}
