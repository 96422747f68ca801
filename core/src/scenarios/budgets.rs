//! Budgets: what counts, for whom, and what a refusal costs.

use std::sync::atomic::Ordering;

use futures_util::FutureExt;
use futures_util::future::join_all;
use portcullis_ports::storage::STORE_UNAVAILABLE;
use portcullis_ports::{Retry, Span};

use crate::areas::challenges::{Opened, SendEmailCode, SendSmsCode, VerifyCode};
use crate::areas::factors::{AddEmail, AddPhone};
use crate::areas::sessions::{Identified, SignedIn};
use crate::foundation::limit::Limit;
use crate::foundation::table::Batch;
use crate::foundation::testing::{elsewhere, home, secret};
use crate::services::budgets::*;
use crate::services::sms_spend;
use crate::settings::Settings;
use crate::testing::{World, observed, world, world_with};
use std::time::Duration;

fn once(name: &'static str, limit: Limit) -> [Use<'static>; 1] {
    [Use {
        name,
        of: &["ada"],
        limit,
    }]
}

fn budgets(world: &World) -> &Budgets {
    &world.app.accounts.budgets
}

async fn enrolled(world: &World, to: &str) -> (Identified, SignedIn) {
    let ada = world.sign_up("ada@example.com").await;
    let session = world.session(&ada).await;
    let command = AddEmail {
        email: to.parse().unwrap(),
        label: None,
    };
    let begun = world.app.factors.add_email(&session, command).await.unwrap();
    let confirm = VerifyCode {
        challenge_id: secret(&begun.challenge_id),
        code: secret(&world.code_to(to).await),
    };
    world.app.factors.confirm_email(&session, confirm).await.unwrap();
    world.wait(31);
    (ada, session)
}

fn price(text: &str) -> sms_spend::Price {
    serde_json::from_value(text.into()).unwrap()
}

fn by_mail(challenge: &Opened) -> SendEmailCode {
    SendEmailCode {
        challenge_id: secret(&challenge.challenge_id),
        email_device_id: None,
    }
}

#[tokio::test]
async fn a_budget_is_used_up_by_the_commit_it_belongs_to_and_opens_again() {
    let world = world().await;
    let limit = Limit::new(2, Span::minutes(10));
    for _ in 0..2 {
        budgets(&world)
            .take(TOO_MANY_SENDS, &once("x", limit))
            .await
            .unwrap();
    }
    let refused = budgets(&world)
        .take(TOO_MANY_SENDS, &once("x", limit))
        .await
        .unwrap_err();
    assert_eq!(refused.retry(), Retry::Later(Duration::from_mins(10)));
    let mut dropped = Batch::default();
    budgets(&world)
        .take_in(&mut dropped, TOO_MANY_SENDS, &once("y", limit))
        .await
        .unwrap();
    drop(dropped);
    for _ in 0..2 {
        budgets(&world)
            .take(TOO_MANY_SENDS, &once("y", limit))
            .await
            .unwrap();
    }
    world.wait(600);
    budgets(&world)
        .take(TOO_MANY_SENDS, &once("x", limit))
        .await
        .unwrap();
}

#[tokio::test]
async fn of_simultaneous_uses_no_more_pass_than_there_are() {
    let world = world().await;
    let limit = Limit::new(7, Span::minutes(10));
    let uses = once("x", limit);
    let tries = (0..64).map(|_| budgets(&world).take(TOO_MANY_SENDS, &uses).boxed());
    let passed = join_all(tries).await.into_iter().flatten().count();
    assert_eq!(passed, 7);
}

#[tokio::test]
async fn a_flood_is_refused_without_asking_the_store() {
    let (world, store) = observed(Settings::default()).await;
    let limit = Limit::new(3, Span::minutes(10));
    for _ in 0..3 {
        budgets(&world)
            .take(TOO_MANY_SENDS, &once("x", limit))
            .await
            .unwrap();
    }
    let first = budgets(&world).take(TOO_MANY_SENDS, &once("x", limit)).await;
    assert!(first.is_err());
    store.work();
    for _ in 0..1000 {
        let refused = budgets(&world).take(TOO_MANY_SENDS, &once("x", limit)).await;
        assert_eq!(refused.unwrap_err().code(), TOO_MANY_SENDS);
    }
    let work = store.work();
    assert_eq!((work.gets, work.commits), (0, 0));
    world.wait(600);
    budgets(&world)
        .take(TOO_MANY_SENDS, &once("x", limit))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_right_answer_opens_the_budget_of_wrong_ones_at_once() {
    let world = world().await;
    for number in 0..9 {
        let counted = budgets(&world)
            .attempt("password", "ada", &home(), &Standing::Network)
            .await;
        assert_eq!(counted.is_ok(), number < 8);
    }
    let mut batch = Batch::default();
    budgets(&world)
        .clear_attempts(&mut batch, "password", "ada", &home(), &Standing::Network)
        .unwrap();
    world.app.context.commit(batch).await.unwrap();
    budgets(&world)
        .attempt("password", "ada", &home(), &Standing::Network)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_counter_written_by_a_clock_that_was_ahead_opens_within_one_window() {
    let world = world().await;
    let limit = Limit::new(1, Span::minutes(10));
    let mut batch = Batch::default();
    let ahead = Counter {
        key: budgets(&world).key("x", &["ada"]).unwrap(),
        used: 1,
        until: world.app.clock().now() + Duration::from_hours(24),
    };
    batch.overwrite(&ahead).unwrap();
    world.app.context.commit(batch).await.unwrap();
    let refused = budgets(&world)
        .take(TOO_MANY_SENDS, &once("x", limit))
        .await
        .unwrap_err();
    assert_eq!(refused.retry(), Retry::Later(Duration::from_mins(10)));
    world.wait(300);
    let again = budgets(&world).take(TOO_MANY_SENDS, &once("x", limit)).await;
    assert_eq!(
        again.unwrap_err().retry(),
        Retry::Later(Duration::from_mins(5)),
        "a refusal does not begin the window anew"
    );
    world.wait(301);
    budgets(&world)
        .take(TOO_MANY_SENDS, &once("x", limit))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_send_that_fails_counts_nothing_of_budgets_and_money() {
    let mut settings = Settings::default();
    settings.budgets.send_interval = Span::seconds(1);
    settings.budgets.sends_per_account = Limit::new(1, Span::hours(1));
    settings.sms_spend = sms_spend::Settings {
        per_day: Some(price("1.00 USD")),
        default_price: Some(price("0.20 USD")),
        ..sms_spend::Settings::default()
    };
    let (world, store) = observed(settings).await;
    let session = world.session(&world.sign_up("ada@example.com").await).await;
    let phone = || AddPhone {
        phone_e164: "+15005550006".parse().unwrap(),
        label: None,
    };
    store.forgetful.store(true, Ordering::SeqCst);
    for _ in 0..5 {
        let failed = world.app.factors.add_phone(&session, phone()).await.unwrap_err();
        assert_eq!(failed.code(), STORE_UNAVAILABLE);
    }
    store.forgetful.store(false, Ordering::SeqCst);
    assert_eq!(
        world
            .app
            .sms_spend
            .today()
            .await
            .unwrap()
            .unwrap()
            .total
            .to_string(),
        "0.00 USD"
    );
    world.app.factors.add_phone(&session, phone()).await.unwrap();
    let spent = world.app.sms_spend.today().await.unwrap().unwrap();
    assert_eq!(spent.total.to_string(), "0.20 USD");
    let refused = world.app.factors.add_phone(&session, phone()).await.unwrap_err();
    assert_eq!(refused.code(), TOO_MANY_SENDS);
    let spent = world.app.sms_spend.today().await.unwrap().unwrap();
    assert_eq!(spent.total.to_string(), "0.20 USD", "a refusal costs nothing");
}

#[tokio::test]
async fn enrolments_of_others_cost_an_owner_no_code() {
    let mut settings = Settings::default();
    settings.budgets.sends_in_total = Limit::new(12, Span::hours(1));
    let world = world_with(settings).await;
    let (_, session) = enrolled(&world, "ada.codes@example.com").await;
    let mut sent = 0;
    for stranger in 0..8 {
        let eve = world.sign_up(&format!("eve{stranger}@example.com")).await;
        let eve = world.session(&eve).await;
        for _ in 0..8 {
            let command = AddEmail {
                email: "ada.codes@example.com".parse().unwrap(),
                label: None,
            };
            sent += usize::from(world.app.factors.add_email(&eve, command).await.is_ok());
            world.wait(31);
        }
    }
    assert_eq!(sent, 9, "an address is not flooded by enrolments either");
    world.app.sessions.end(&session).await.unwrap();
    let token = world.sign_in("ada@example.com", &home()).await.unwrap();
    let ada = world.identified(&token).await;
    let challenge = world.challenge(&ada).await;
    world
        .app
        .challenges
        .send_email(&ada, by_mail(&challenge))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_challenge_of_a_phone_is_refused_in_the_commit_that_would_send() {
    let mut settings = Settings::default();
    settings.budgets.sends_in_total = Limit::new(1, Span::hours(1));
    let world = world_with(settings).await;
    let session = world.session(&world.sign_up("ada@example.com").await).await;
    let phone = AddPhone {
        phone_e164: "+15005550006".parse().unwrap(),
        label: None,
    };
    let begun = world.app.factors.add_phone(&session, phone).await.unwrap();
    let confirm = VerifyCode {
        challenge_id: secret(&begun.challenge_id),
        code: secret(&world.code_to("+15005550006").await),
    };
    world.app.factors.confirm_phone(&session, confirm).await.unwrap();
    world.wait(31);
    let who = Identified {
        subject: session.subject().clone(),
        at: world.app.clock().now(),
        source: elsewhere(1),
        lineage: crate::services::epochs::Lineage::default(),
        session: None,
    };
    let sms = |challenge: &Opened| SendSmsCode {
        challenge_id: secret(&challenge.challenge_id),
        sms_device_id: None,
    };
    let challenge = world.challenge(&who).await;
    world
        .app
        .challenges
        .send_sms(&who, sms(&challenge))
        .await
        .unwrap();
    world.wait(31);
    let refused = world
        .app
        .challenges
        .send_sms(&who, sms(&challenge))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), TOO_MANY_SENDS);
    world
        .app
        .outbox
        .drain(crate::foundation::lane::Lane::Codes)
        .await
        .unwrap();
    let texts = world.post.sent();
    let texts = texts
        .iter()
        .filter(|message| message.to.address() == "+15005550006");
    assert_eq!(texts.count(), 2, "the enrolment and one sign-in");
}
