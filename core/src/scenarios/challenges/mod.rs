//! Sign-in with factors, step-up, and what happens twice at once.

mod policies;
mod step_up;

use futures_util::FutureExt;
use futures_util::future::join_all;

use crate::areas::challenges::*;
use crate::areas::factors::{AddEmail, AddPhone};
use crate::areas::sessions::Identified;
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::requirement::Requirement;
use crate::foundation::testing::{elsewhere, home, secret};
use crate::services::budgets::{TOO_MANY_ATTEMPTS, TOO_MANY_SENDS};
use crate::settings::Settings;
use crate::testing::{World, world, world_with};

fn totp(challenge: &Opened, code: &str) -> VerifyTotp {
    VerifyTotp {
        challenge_id: secret(&challenge.challenge_id),
        totp_code: secret(code),
        trust_device: None,
    }
}

fn sent(challenge: &Opened, code: &str) -> VerifySentCode {
    VerifySentCode {
        challenge_id: secret(&challenge.challenge_id),
        code: secret(code),
        trust_device: None,
    }
}

async fn with_totp(world: &World) -> (Identified, String, Vec<String>) {
    let ada = world.sign_up("ada@example.com").await;
    let session = world.session(&ada).await;
    let (secret, recovery_codes) = world.enrol_totp(&session).await;
    world.wait(30);
    (ada, secret, recovery_codes)
}

#[tokio::test]
async fn the_last_proof_begins_the_session_and_finalize_gives_it_again() {
    let world = world().await;
    let (ada, app, _) = with_totp(&world).await;
    let challenge = world.challenge(&ada).await;
    let name = || NameChallenge {
        challenge_id: secret(&challenge.challenge_id),
    };
    assert!(
        world
            .app
            .challenges
            .finalize(&ada, name())
            .await
            .unwrap()
            .granted
            .is_none()
    );
    let granted = world
        .app
        .challenges
        .verify_totp(&ada, totp(&challenge, &world.totp(&app)))
        .await
        .unwrap()
        .granted
        .unwrap();
    let again = world
        .app
        .challenges
        .finalize(&ada, name())
        .await
        .unwrap()
        .granted
        .unwrap();
    assert_eq!(granted.credential.expose(), again.credential.expose());
    assert_eq!(world.resumed(&granted).await.session.id, granted.session.id);
    world.wait(301);
    assert_eq!(
        world
            .app
            .challenges
            .finalize(&ada, name())
            .await
            .unwrap_err()
            .code(),
        CHALLENGE_ENDED
    );
}

#[tokio::test]
async fn a_challenge_is_consumed_once_however_many_answer_at_the_same_time() {
    let world = world().await;
    let (ada, app, _) = with_totp(&world).await;
    let challenge = world.challenge(&ada).await;
    let code = world.totp(&app);
    let tries = (0..6).map(|_| {
        world
            .app
            .challenges
            .verify_totp(&ada, totp(&challenge, &code))
            .boxed()
    });
    let granted = join_all(tries)
        .await
        .into_iter()
        .filter_map(|result| result.ok()?.granted)
        .count();
    assert_eq!(granted, 1);
}

#[tokio::test]
async fn one_code_passes_one_of_two_challenges() {
    let world = world().await;
    let (ada, app, _) = with_totp(&world).await;
    let (first, second) = (world.challenge(&ada).await, world.challenge(&ada).await);
    let code = world.totp(&app);
    let (a, b) = tokio::join!(
        world.app.challenges.verify_totp(&ada, totp(&first, &code)),
        world.app.challenges.verify_totp(&ada, totp(&second, &code))
    );
    assert!(a.is_ok() != b.is_ok());
    assert_eq!(a.err().or(b.err()).unwrap().code(), WRONG_CODE);
}

#[tokio::test]
async fn guessing_codes_is_stopped_across_challenges() {
    let world = world().await;
    let (ada, app, _) = with_totp(&world).await;
    let wrong = if world.totp(&app) == "000000" {
        "000001"
    } else {
        "000000"
    };
    for _ in 0..8 {
        let challenge = world.challenge(&ada).await;
        assert_eq!(
            world
                .app
                .challenges
                .verify_totp(&ada, totp(&challenge, wrong))
                .await
                .unwrap_err()
                .code(),
            WRONG_CODE
        );
    }
    let challenge = world.challenge(&ada).await;
    let refused = world
        .app
        .challenges
        .verify_totp(&ada, totp(&challenge, &world.totp(&app)))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), TOO_MANY_ATTEMPTS);
    let stranger = Identified {
        source: elsewhere(7),
        ..ada.clone()
    };
    let elsewhere = world
        .app
        .challenges
        .verify_totp(&stranger, totp(&challenge, &world.totp(&app)))
        .await;
    assert!(
        elsewhere.unwrap().granted.is_some(),
        "another network has a budget of its own"
    );
}

#[tokio::test]
async fn mistyped_codes_of_an_app_leave_recovery_codes_alone_which_are_bounded_themselves() {
    let world = world().await;
    let (ada, _, codes) = with_totp(&world).await;
    let recover = async |code: &str| {
        let command = UseRecoveryCode {
            challenge_id: secret(&world.challenge(&ada).await.challenge_id),
            recovery_code: secret(code),
        };
        world
            .app
            .challenges
            .use_recovery_code(&ada, FactorKind::Totp, command)
            .await
    };
    let mistype = async || {
        let challenge = world.challenge(&ada).await;
        let answer = totp(&challenge, "no code");
        world
            .app
            .challenges
            .verify_totp(&ada, answer)
            .await
            .unwrap_err()
            .code()
    };
    for _ in 0..8 {
        assert_eq!(mistype().await, WRONG_CODE);
    }
    assert_eq!(mistype().await, TOO_MANY_ATTEMPTS);
    assert!(recover(&codes[0]).await.unwrap().granted.is_some());
    for _ in 0..8 {
        assert_eq!(
            recover("0000-0000-0000-0000").await.unwrap_err().code(),
            WRONG_CODE
        );
    }
    let refused = recover(&codes[1]).await.unwrap_err();
    assert_eq!(refused.code(), TOO_MANY_ATTEMPTS, "nor can they be guessed");
    world.wait(601);
    assert!(recover(&codes[1]).await.unwrap().granted.is_some());
}

#[tokio::test]
async fn a_challenge_serves_its_own_account_and_purpose_only() {
    let world = world().await;
    let (ada, app, _) = with_totp(&world).await;
    let eve = world.sign_up("eve@example.com").await;
    let challenge = world.challenge(&ada).await;
    let stolen = world
        .app
        .challenges
        .verify_totp(&eve, totp(&challenge, &world.totp(&app)))
        .await;
    assert_eq!(stolen.unwrap_err().code(), CHALLENGE_ENDED);
    let session = world.session(&eve).await;
    let phone = AddPhone {
        phone_e164: "+15005550006".parse().unwrap(),
        label: None,
    };
    let begun = world.app.factors.add_phone(&session, phone).await.unwrap();
    let other = NameChallenge {
        challenge_id: secret(&begun.challenge_id),
    };
    assert_eq!(
        world
            .app
            .challenges
            .finalize(&eve, other)
            .await
            .unwrap_err()
            .code(),
        WRONG_PURPOSE
    );
    for junk in ["", "chal_", "rl#verify_email", "chal_00000000000000000000000000"] {
        let unknown = NameChallenge {
            challenge_id: secret(junk),
        };
        assert_eq!(
            world
                .app
                .challenges
                .finalize(&eve, unknown)
                .await
                .unwrap_err()
                .code(),
            CHALLENGE_ENDED,
            "{junk}"
        );
    }
}

#[tokio::test]
async fn all_enrolled_factors_are_asked_for_where_the_operator_says_so() {
    let mut settings = Settings::default();
    settings.factors.require = Requirement::All;
    let world = world_with(settings).await;
    let ada = world.sign_up("ada@example.com").await;
    let session = world.session(&ada).await;
    let (app, _) = world.enrol_totp(&session).await;
    let command = AddEmail {
        email: "second@example.com".parse().unwrap(),
        label: None,
    };
    let begun = world.app.factors.add_email(&session, command).await.unwrap();
    let code = world.code_to("second@example.com").await;
    let confirm = VerifyCode {
        challenge_id: secret(&begun.challenge_id),
        code: secret(&code),
    };
    world.app.factors.confirm_email(&session, confirm).await.unwrap();
    world.wait(31);
    let challenge = world.challenge(&ada).await;
    assert_eq!(challenge.required_factors, [FactorKind::Totp, FactorKind::Email]);
    let half = world
        .app
        .challenges
        .verify_totp(&ada, totp(&challenge, &world.totp(&app)))
        .await
        .unwrap();
    assert!(half.granted.is_none());
    assert_eq!(
        world
            .app
            .challenges
            .verify_email(&ada, sent(&challenge, "123456"))
            .await
            .unwrap_err()
            .code(),
        NOTHING_SENT
    );
    let send = || SendEmailCode {
        challenge_id: secret(&challenge.challenge_id),
        email_device_id: None,
    };
    let told = world.app.challenges.send_email(&ada, send()).await.unwrap();
    assert_eq!(told.sent_to, ["s***@example.com"]);
    assert_eq!(
        world
            .app
            .challenges
            .send_email(&ada, send())
            .await
            .unwrap_err()
            .code(),
        TOO_MANY_SENDS
    );
    let code = world.code_to("second@example.com").await;
    let whole = world
        .app
        .challenges
        .verify_email(&ada, sent(&challenge, &code))
        .await
        .unwrap();
    assert!(whole.granted.is_some());
}

#[tokio::test]
async fn a_recovery_code_works_once_however_it_is_typed() {
    let world = world().await;
    let (ada, _, codes) = with_totp(&world).await;
    assert_eq!(codes.len(), 10);
    let typed = codes[0].to_uppercase().replace('-', " ");
    let using = |challenge: &Opened, code: &str| UseRecoveryCode {
        challenge_id: secret(&challenge.challenge_id),
        recovery_code: secret(code),
    };
    let challenges = [
        world.challenge(&ada).await,
        world.challenge(&ada).await,
        world.challenge(&ada).await,
    ];
    let tries = challenges.iter().map(|challenge| {
        world
            .app
            .challenges
            .use_recovery_code(&ada, FactorKind::Totp, using(challenge, &typed))
            .boxed()
    });
    let granted: Vec<_> = join_all(tries)
        .await
        .into_iter()
        .filter_map(|result| result.ok()?.granted)
        .collect();
    assert_eq!(granted.len(), 1);
    let session = world.resumed(&granted[0]).await;
    assert_eq!(
        world
            .app
            .recovery_codes
            .overview(session.subject())
            .await
            .unwrap()
            .factors[0]
            .remaining,
        9
    );
}

#[tokio::test]
async fn every_step_is_in_a_history_that_proves_itself() {
    let world = world().await;
    let (ada, app, _) = with_totp(&world).await;
    let challenge = world.challenge(&ada).await;
    world
        .app
        .challenges
        .verify_totp(&ada, totp(&challenge, "000"))
        .await
        .unwrap_err();
    world
        .app
        .challenges
        .verify_totp(&ada, totp(&challenge, &world.totp(&app)))
        .await
        .unwrap();
    let entries = world.app.audit.entries(&ada.subject).await.unwrap();
    let events: Vec<&str> = entries.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(
        events,
        [
            "sign_up",
            "ui_session_start",
            "totp_device_begin",
            "totp_device_confirm",
            "ui_session_start",
            "mfa_totp_verify",
            "mfa_totp_verify",
            "ui_session_finalize",
        ]
    );
    assert_eq!(home().ip.to_string(), entries[0].ip);
}

#[tokio::test]
async fn a_clock_that_is_set_back_locks_nobody_out_and_the_history_tells() {
    let world = world().await;
    let (ada, app, _) = with_totp(&world).await;
    world.wait(3600);
    let ahead = world.totp(&app);
    let challenge = world.challenge(&ada).await;
    let prove = |challenge, code| world.app.challenges.verify_totp(&ada, totp(challenge, code));
    prove(&challenge, &ahead).await.unwrap();
    world.clock.set_back(std::time::Duration::from_hours(1));
    let challenge = world.challenge(&ada).await;
    let now = world.totp(&app);
    assert!(prove(&challenge, &now).await.unwrap().granted.is_some());
    let challenge = world.challenge(&ada).await;
    let replayed = prove(&challenge, &now).await.unwrap_err();
    assert_eq!(replayed.code(), WRONG_CODE);
    world.wait(3600);
    let challenge = world.challenge(&ada).await;
    let replayed = prove(&challenge, &ahead).await.unwrap_err();
    assert_eq!(replayed.code(), WRONG_CODE, "the code of the future was used");
    let entries = world.app.audit.entries(&ada.subject).await.unwrap();
    let told = entries.iter().filter(|entry| entry.event == "totp_step_clamped");
    assert_eq!(told.count(), 1);
}

#[tokio::test]
async fn codes_are_taken_as_keyboards_write_them() {
    let full_width = |code: &str| -> String {
        let wide = |letter| char::from_u32(u32::from(letter) + 0xfee0).unwrap();
        code.chars().map(wide).collect()
    };
    let world = world().await;
    let (ada, app, recovery) = with_totp(&world).await;
    let challenge = world.challenge(&ada).await;
    let typed = totp(&challenge, &full_width(&world.totp(&app)));
    assert!(
        world
            .app
            .challenges
            .verify_totp(&ada, typed)
            .await
            .unwrap()
            .granted
            .is_some()
    );
    let challenge = world.challenge(&ada).await;
    let command = UseRecoveryCode {
        challenge_id: secret(&challenge.challenge_id),
        recovery_code: secret(&full_width(&recovery[0])),
    };
    let used = world
        .app
        .challenges
        .use_recovery_code(&ada, FactorKind::Totp, command);
    let granted = used.await.unwrap().granted.unwrap();
    let session = world.resumed(&granted).await;
    let command = AddEmail {
        email: "second@example.com".parse().unwrap(),
        label: None,
    };
    let begun = world.app.factors.add_email(&session, command).await.unwrap();
    let code = full_width(&world.code_to("second@example.com").await);
    let confirm = VerifyCode {
        challenge_id: secret(&begun.challenge_id),
        code: secret(&code),
    };
    world.app.factors.confirm_email(&session, confirm).await.unwrap();
}
