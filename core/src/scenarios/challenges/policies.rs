//! Which of several enrolled factors a sign-in and a sensitive action ask for, and how one of them is chosen.

use std::sync::Arc;

use crate::areas::challenges::*;
use crate::areas::factors::{AddEmail, AddPhone, REGENERATE_RECOVERY_CODES};
use crate::areas::sessions::{Identified, SignedIn};
use crate::areas::step_up::STEP_UP_REQUIRED;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::requirement::Requirement;
use crate::foundation::testing::secret;
use crate::services::budgets::TOO_MANY_SENDS;
use crate::settings::Settings;
use crate::testing::{World, world_with};

const FIRST: &str = "+15005550006";
const SECOND: &str = "+15005550007";
const MAIL: &str = "second@example.com";

/// Somebody with an authenticator app, two phone numbers and an e-mail address.
struct Person {
    who: Identified,
    session: SignedIn,
    app: String,
}

async fn person(world: &World) -> Person {
    let who = world.sign_up("ada@example.com").await;
    let session = world.session(&who).await;
    let (app, _) = world.enrol_totp(&session).await;
    let factors = &world.app.factors;
    for number in [FIRST, SECOND] {
        let command = AddPhone {
            phone_e164: number.parse().unwrap(),
            label: None,
        };
        let begun = factors.add_phone(&session, command).await.unwrap();
        let answer = code(&begun.challenge_id, &world.code_to(number).await);
        factors.confirm_phone(&session, answer).await.unwrap();
    }
    let command = AddEmail {
        email: MAIL.parse().unwrap(),
        label: None,
    };
    let begun = factors.add_email(&session, command).await.unwrap();
    let answer = code(&begun.challenge_id, &world.code_to(MAIL).await);
    factors.confirm_email(&session, answer).await.unwrap();
    world.wait(31);
    Person { who, session, app }
}

fn settings(sign_in: Requirement, new_recovery_codes: Requirement) -> Settings {
    let mut settings = Settings::default();
    settings.factors.require = sign_in;
    let require_for = &mut settings.factors.require_for;
    require_for.set(REGENERATE_RECOVERY_CODES, new_recovery_codes);
    settings
}

fn code(challenge: &str, code: &str) -> VerifyCode {
    VerifyCode {
        challenge_id: secret(challenge),
        code: secret(code),
    }
}

fn sent(challenge: &str, code: &str) -> VerifySentCode {
    VerifySentCode {
        challenge_id: secret(challenge),
        code: secret(code),
        trust_device: None,
    }
}

fn totp(challenge: &str, code: &str) -> VerifyTotp {
    VerifyTotp {
        challenge_id: secret(challenge),
        totp_code: secret(code),
        trust_device: None,
    }
}

fn to(challenge: &str, device: Option<&Method>) -> SendSmsCode {
    SendSmsCode {
        challenge_id: secret(challenge),
        sms_device_id: device.and_then(|method| method.device_id.clone()),
    }
}

#[tokio::test]
async fn any_one_of_the_enrolled_factors_completes_a_sign_in_by_default() {
    let world = world_with(Settings::default()).await;
    let ada = person(&world).await;
    let opened = world.challenge(&ada.who).await;
    assert_eq!(opened.required_factors, FactorKind::ALL);
    assert_eq!((opened.require, opened.factors_needed), (Requirement::Any, 1));
    let challenges = &world.app.challenges;
    let mail = SendEmailCode {
        challenge_id: secret(&opened.challenge_id),
        email_device_id: None,
    };
    challenges.send_email(&ada.who, mail).await.unwrap();
    let answer = sent(&opened.challenge_id, &world.code_to(MAIL).await);
    let proven = challenges.verify_email(&ada.who, answer).await.unwrap();
    assert!(proven.granted.is_some() && proven.remaining.is_empty());
    assert_eq!(proven.factors_needed, 0);
    let late = totp(&opened.challenge_id, &world.totp(&ada.app));
    let refused = challenges.verify_totp(&ada.who, late).await.unwrap_err();
    assert_eq!(refused.code(), CHALLENGE_ENDED, "one challenge, one session");
}

#[tokio::test]
async fn the_strongest_factor_alone_is_asked_for_where_the_operator_says_so() {
    let world = world_with(settings(Requirement::Strongest, Requirement::Any)).await;
    let ada = person(&world).await;
    let opened = world.challenge(&ada.who).await;
    assert_eq!(opened.required_factors, [FactorKind::Totp]);
    let challenges = &world.app.challenges;
    let other = challenges
        .send_sms(&ada.who, to(&opened.challenge_id, None))
        .await;
    assert_eq!(other.unwrap_err().code(), FACTOR_NOT_REQUIRED);
    let answer = totp(&opened.challenge_id, &world.totp(&ada.app));
    let proven = challenges.verify_totp(&ada.who, answer).await.unwrap();
    assert!(proven.granted.is_some());
}

#[tokio::test]
async fn another_phone_gets_its_code_at_once() {
    let world = world_with(Settings::default()).await;
    let ada = person(&world).await;
    let opened = world.challenge(&ada.who).await;
    let phones: Vec<&Method> = opened
        .methods
        .iter()
        .filter(|method| method.factor == FactorKind::Sms)
        .collect();
    let masked: Vec<_> = phones
        .iter()
        .filter_map(|method| method.sent_to.as_deref())
        .collect();
    assert_eq!(masked, ["+*********06", "+*********07"]);
    let challenges = &world.app.challenges;
    let raw = &opened.challenge_id;
    challenges
        .send_sms(&ada.who, to(raw, Some(phones[0])))
        .await
        .unwrap();
    let told = challenges
        .send_sms(&ada.who, to(raw, Some(phones[1])))
        .await
        .unwrap();
    assert_eq!(told.sent_to, ["+*********07"]);
    for phone in &phones {
        let again = challenges
            .send_sms(&ada.who, to(raw, Some(phone)))
            .await
            .unwrap_err();
        assert_eq!(again.code(), TOO_MANY_SENDS, "each has a pause of its own");
    }
    // The code that went to the first number still counts.
    let answer = sent(raw, &world.code_to(FIRST).await);
    let proven = challenges.verify_sms(&ada.who, answer).await.unwrap();
    assert!(proven.granted.is_some());
}

#[tokio::test]
async fn a_client_that_is_loaded_anew_learns_where_its_challenge_stands() {
    let world = world_with(settings(Requirement::All, Requirement::Any)).await;
    let ada = person(&world).await;
    let opened = world.challenge(&ada.who).await;
    let challenges = &world.app.challenges;
    let answer = totp(&opened.challenge_id, &world.totp(&ada.app));
    challenges.verify_totp(&ada.who, answer).await.unwrap();
    let phone = opened
        .methods
        .iter()
        .find(|method| method.factor == FactorKind::Sms);
    challenges
        .send_sms(&ada.who, to(&opened.challenge_id, phone))
        .await
        .unwrap();
    world.wait(10);
    let name = NameChallenge {
        challenge_id: secret(&opened.challenge_id),
    };
    let found = challenges.finalize(&ada.who, name).await.unwrap();
    assert_eq!(found.remaining, [FactorKind::Sms, FactorKind::Email]);
    assert_eq!((found.factors_needed, found.expires_at), (2, opened.expires_at));
    let told: Vec<_> = found
        .methods
        .iter()
        .map(|method| (method.factor, method.code_sent, method.retry_after))
        .collect();
    assert_eq!(
        told,
        [
            (FactorKind::Sms, true, 20),
            (FactorKind::Sms, false, 0),
            (FactorKind::Email, false, 0)
        ]
    );
}

#[tokio::test]
async fn a_sensitive_action_may_ask_for_every_factor() {
    let world = world_with(settings(Requirement::Any, Requirement::All)).await;
    let ada = person(&world).await;
    let challenges = &world.app.challenges;
    let refused = world
        .app
        .factors
        .regenerate_recovery_codes(&ada.session, FactorKind::Totp)
        .await;
    assert_eq!(refused.unwrap_err().code(), STEP_UP_REQUIRED);
    let named = |action| StartStepUp { action };
    let one = challenges
        .start_step_up(&ada.session, named(Some("remove_factor".into())))
        .await
        .unwrap();
    assert_eq!((one.require, one.factors_needed), (Requirement::Any, 1));
    let answer = totp(&one.challenge_id.unwrap(), &world.totp(&ada.app));
    let proven = challenges.verify_totp(&ada.who, answer).await.unwrap();
    assert!(proven.step_up_until.is_some());
    let session = resumed(&world, &ada.session).await;
    let refused = world
        .app
        .factors
        .regenerate_recovery_codes(&session, FactorKind::Totp)
        .await;
    assert_eq!(refused.unwrap_err().code(), STEP_UP_REQUIRED, "one is not all");
    let rest = challenges.start_step_up(&session, named(None)).await.unwrap();
    assert_eq!(
        rest.required_factors,
        [FactorKind::Sms, FactorKind::Email],
        "what was proven a moment ago is not asked for again"
    );
    let raw = rest.challenge_id.unwrap();
    let mail = SendEmailCode {
        challenge_id: secret(&raw),
        email_device_id: None,
    };
    challenges.send_email(&ada.who, mail).await.unwrap();
    challenges
        .verify_email(&ada.who, sent(&raw, &world.code_to(MAIL).await))
        .await
        .unwrap();
    challenges.send_sms(&ada.who, to(&raw, None)).await.unwrap();
    let proven = challenges
        .verify_sms(&ada.who, sent(&raw, &world.code_to(FIRST).await))
        .await
        .unwrap();
    assert!(proven.step_up_until.is_some());
    let session = resumed(&world, &ada.session).await;
    world
        .app
        .factors
        .regenerate_recovery_codes(&session, FactorKind::Totp)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_action_that_no_area_declares_is_refused_with_those_that_there_are() {
    let world = world_with(Settings::default()).await;
    let ada = person(&world).await;
    let command = StartStepUp {
        action: Some("launch_rockets".into()),
    };
    let refused = world.app.challenges.start_step_up(&ada.session, command).await;
    let declared = crate::step_up_actions();
    let names: Vec<&str> = declared.iter().map(|action| action.name).collect();
    for name in ["add_factor", "regenerate_recovery_codes", "remove_payment_method"] {
        assert!(names.contains(&name), "{name}");
    }
    assert_eq!(
        refused.unwrap_err().detail(),
        format!("action: Expected is one of: {}.", names.join(", "))
    );
}

/// The session as the store has it now.
async fn resumed(world: &World, who: &SignedIn) -> SignedIn {
    let session = world.app.sessions.live(&who.session.id).await.unwrap().value;
    SignedIn {
        token: None,
        session: Arc::new(session),
        source: who.source.clone(),
    }
}
