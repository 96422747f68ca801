//! Enrolment and removal of factors.

mod ended_sessions;
mod pages;
mod removal;

use portcullis_ports::Result;

use crate::areas::challenges::VerifyCode;
use crate::areas::factors::*;
use crate::areas::sessions::SignedIn;
use crate::foundation::input::INVALID_REQUEST;
use crate::foundation::proof::{CHALLENGE_ENDED, WRONG_CODE};
use crate::foundation::testing::secret;
use crate::services::budgets::TOO_MANY_ATTEMPTS;
use crate::settings::Settings;
use crate::testing::{World, world, world_with};

const PHONE: &str = "+15005550006";

fn phone(number: &str) -> AddPhone {
    AddPhone {
        phone_e164: number.parse().unwrap(),
        label: None,
    }
}

fn answer(challenge: &str, code: &str) -> VerifyCode {
    VerifyCode {
        challenge_id: secret(challenge),
        code: secret(code),
    }
}

async fn signed_in(world: &World) -> SignedIn {
    world.session(&world.sign_up("ada@example.com").await).await
}

async fn enrol_phone(world: &World, who: &SignedIn, number: &str) -> ContactConfirmed {
    world.wait(31);
    let begun = world.app.factors.add_phone(who, phone(number)).await.unwrap();
    let code = world.code_to(number).await;
    world
        .app
        .factors
        .confirm_phone(who, answer(&begun.challenge_id, &code))
        .await
        .unwrap()
}

#[tokio::test]
async fn recovery_codes_come_with_the_first_confirmation_and_not_before() {
    let world = world().await;
    let who = signed_in(&world).await;
    let begun = world
        .app
        .factors
        .add_totp(&who, AddTotp::default())
        .await
        .unwrap();
    assert!(begun.recovery_codes.is_empty() && begun.qr_svg.contains("<svg"));
    assert!(
        world
            .app
            .recovery_codes
            .overview(who.subject())
            .await
            .unwrap()
            .factors
            .is_empty()
    );
    let confirm = |device_id, code: &str| ConfirmTotp {
        device_id,
        totp_code: secret(code),
    };
    let code = world.totp(&begun.secret);
    let first = world
        .app
        .factors
        .confirm_totp(&who, confirm(begun.device_id.clone(), &code))
        .await
        .unwrap();
    assert_eq!(first.recovery_codes.len(), 10);
    let again = world
        .app
        .factors
        .confirm_totp(&who, confirm(begun.device_id, &code))
        .await
        .unwrap_err();
    assert_eq!(again.code(), DEVICE_EXISTS);
    let second = world
        .app
        .factors
        .add_totp(&who, AddTotp::default())
        .await
        .unwrap();
    let code = world.totp(&second.secret);
    let confirmed = world
        .app
        .factors
        .confirm_totp(&who, confirm(second.device_id, &code))
        .await
        .unwrap();
    assert!(confirmed.recovery_codes.is_empty());
}

#[tokio::test]
async fn an_unconfirmed_app_is_forgotten_and_the_limit_holds() {
    let world = world().await;
    let who = signed_in(&world).await;
    let begun = world
        .app
        .factors
        .add_totp(&who, AddTotp::default())
        .await
        .unwrap();
    world.wait(601);
    assert!(
        world
            .app
            .factors
            .totp_devices(&who)
            .await
            .unwrap()
            .devices
            .is_empty()
    );
    let late = ConfirmTotp {
        device_id: begun.device_id,
        totp_code: secret(&world.totp(&begun.secret)),
    };
    assert_eq!(
        world
            .app
            .factors
            .confirm_totp(&who, late)
            .await
            .unwrap_err()
            .code(),
        DEVICE_NOT_FOUND
    );
    let who = signed_in_again(&world).await;
    for _ in 0..5 {
        world.enrol_totp(&who).await;
    }
    assert_eq!(
        world
            .app
            .factors
            .add_totp(&who, AddTotp::default())
            .await
            .unwrap_err()
            .code(),
        DEVICE_LIMIT
    );
}

async fn signed_in_again(world: &World) -> SignedIn {
    let token = world
        .sign_in("ada@example.com", &crate::foundation::testing::home())
        .await
        .unwrap();
    world.session(&world.identified(&token).await).await
}

#[tokio::test]
async fn the_last_app_takes_its_recovery_codes_along() {
    let world = world().await;
    let who = signed_in(&world).await;
    let (app, codes) = world.enrol_totp(&who).await;
    let id = world.app.factors.totp_devices(&who).await.unwrap().devices[0]
        .device_id
        .clone();
    let unknown = DeviceIdOf::fresh(&id);
    let by = |code: Option<String>, recovery: Option<&str>| RemoveTotp {
        totp_code: code.as_deref().map(secret),
        recovery_code: recovery.map(secret),
    };
    world.wait(30);
    let missing = world
        .app
        .factors
        .remove_totp(&who, unknown, by(Some(world.totp(&app)), None))
        .await;
    assert_eq!(missing.unwrap_err().code(), DEVICE_NOT_FOUND);
    let wrong = world
        .app
        .factors
        .remove_totp(&who, id.clone(), by(Some("000".into()), None))
        .await;
    assert_eq!(wrong.unwrap_err().code(), WRONG_CODE);
    world
        .app
        .factors
        .remove_totp(&who, id, by(None, Some(&codes[3])))
        .await
        .unwrap();
    assert!(
        world
            .app
            .factors
            .totp_devices(&who)
            .await
            .unwrap()
            .devices
            .is_empty()
    );
    assert!(
        world
            .app
            .recovery_codes
            .overview(who.subject())
            .await
            .unwrap()
            .factors
            .is_empty()
    );
}

/// Another id than the one that is known.
struct DeviceIdOf;

impl DeviceIdOf {
    fn fresh(known: &portcullis_ports::id::DeviceId) -> portcullis_ports::id::DeviceId {
        let other = if known.as_str().ends_with('0') { '1' } else { '0' };
        let mut text = known.as_str().to_owned();
        text.pop();
        text.push(other);
        text.parse().unwrap()
    }
}

#[tokio::test]
async fn a_new_number_is_confirmed_by_its_own_code_only() {
    let world = world().await;
    let who = signed_in(&world).await;
    let confirmed = enrol_phone(&world, &who, PHONE).await;
    assert_eq!(confirmed.recovery_codes.len(), 10);
    world.wait(31);
    let begun = world
        .app
        .factors
        .add_phone(&who, phone("+15005550007"))
        .await
        .unwrap();
    assert_eq!(begun.sent_to, ["+*********07"]);
    let before = world.post.sent().len();
    let code = world.code_to("+15005550007").await;
    assert_eq!(
        world.post.sent().len() - before,
        1,
        "the old number receives nothing"
    );
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let refused = world
        .app
        .factors
        .confirm_phone(&who, answer(&begun.challenge_id, wrong))
        .await;
    assert_eq!(refused.unwrap_err().code(), WRONG_CODE);
    world
        .app
        .factors
        .confirm_phone(&who, answer(&begun.challenge_id, &code))
        .await
        .unwrap();
    let again = world
        .app
        .factors
        .confirm_phone(&who, answer(&begun.challenge_id, &code))
        .await;
    assert_eq!(again.unwrap_err().code(), CHALLENGE_ENDED);
}

#[tokio::test]
async fn abandoned_enrolments_do_not_use_up_the_limit() {
    let world = world().await;
    let who = signed_in(&world).await;
    for number in 1..=7 {
        let number = format!("+1500555000{number}");
        world.app.factors.add_phone(&who, phone(&number)).await.unwrap();
    }
    let waiting = world.app.factors.phones(&who).await.unwrap();
    assert!(
        waiting.len() == 5 && waiting.iter().all(|view| view.pending),
        "the newest"
    );
    for number in ["+15005550011", "+15005550012", "+15005550013"] {
        enrol_phone(&world, &who, number).await;
    }
    let full = world.app.factors.add_phone(&who, phone("+15005550014")).await;
    assert_eq!(full.unwrap_err().code(), DEVICE_LIMIT);
    world.wait(601);
    assert_eq!(world.app.factors.phones(&who).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_number_is_understood_as_it_is_typed_and_kept_in_one_form() {
    let world = world().await;
    let who = signed_in(&world).await;
    for (typed, number, shown) in [
        ("(415) 555-2671", "+14155552671", "+1 415-555-2671"),
        ("+49 (0)170 1234567", "+491701234567", "+49 170 1234567"),
    ] {
        let begun = world.app.factors.add_phone(&who, phone(typed)).await.unwrap();
        assert_eq!(
            (begun.destination.address(), begun.shown.as_str()),
            (number, shown)
        );
        world.code_to(number).await;
        world.wait(31);
    }
    let again = phone("+1 415 555 2671");
    world.app.factors.add_phone(&who, again).await.unwrap();
    assert_eq!(world.app.factors.phones(&who).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_number_that_nobody_has_is_refused_and_nothing_is_sent_or_counted() {
    let world = world().await;
    let who = signed_in(&world).await;
    for wrong in [
        "+1 555 123 4567",
        "+4912345",
        "1-800-FLOWERS",
        "+1 415 555 2671 x5",
    ] {
        let refused = world.app.factors.add_phone(&who, phone(wrong)).await.unwrap_err();
        assert_eq!(refused.code(), INVALID_REQUEST, "{wrong}");
        assert_eq!(refused.fields()[0].pointer, "/phone_e164");
    }
    assert!(world.app.factors.phones(&who).await.unwrap().is_empty());
    // No pause between two sends has begun.
    world.app.factors.add_phone(&who, phone(PHONE)).await.unwrap();
}

#[tokio::test]
async fn a_number_without_country_code_is_read_in_the_country_that_is_set() {
    let mut settings = Settings::default();
    settings.factors.default_region = "DE".parse().unwrap();
    let world = world_with(settings).await;
    let who = signed_in(&world).await;
    let begun = world
        .app
        .factors
        .add_phone(&who, phone("0170 1234567"))
        .await
        .unwrap();
    assert_eq!(begun.destination.address(), "+491701234567");
}

#[tokio::test]
async fn a_number_is_enrolled_once() {
    let world = world().await;
    let who = signed_in(&world).await;
    enrol_phone(&world, &who, PHONE).await;
    world.wait(31);
    assert_eq!(
        world
            .app
            .factors
            .add_phone(&who, phone(PHONE))
            .await
            .unwrap_err()
            .code(),
        DEVICE_EXISTS
    );
}

#[tokio::test]
async fn regenerating_replaces_every_older_code() {
    let world = world().await;
    let who = signed_in(&world).await;
    let (_, old) = world.enrol_totp(&who).await;
    let new = world
        .app
        .factors
        .regenerate_recovery_codes(&who, FactorKind::Totp)
        .await
        .unwrap()
        .recovery_codes;
    assert!(new.iter().all(|code| !old.contains(code)));
    assert_eq!(
        world
            .app
            .factors
            .regenerate_recovery_codes(&who, FactorKind::Sms)
            .await
            .unwrap_err()
            .code(),
        NO_DEVICE
    );
}
