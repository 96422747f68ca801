//! Factors on top of the code from the mail: when they are asked for, and which of them.

use super::*;
use crate::areas::accounts::WEAK_PASSWORD;
use crate::areas::challenges::{
    FACTOR_NOT_REQUIRED, NameChallenge, Started, VerifyCode, VerifyTotp, WRONG_PURPOSE,
};
use crate::areas::factors::{AddEmail, AddPhone};
use crate::areas::password_recovery::*;
use crate::areas::sessions::{SESSION_ENDED, SignedIn, StartSession};
use crate::foundation::factor_kind::FactorKind;
use crate::foundation::proof::{CHALLENGE_ENDED, WRONG_CODE};
use crate::foundation::requirement::Requirement;
use crate::foundation::testing::{home, secret};
use crate::settings::Settings;
use crate::testing::{World, world, world_with};

#[tokio::test]
async fn a_factor_is_asked_for_after_the_code_and_no_mistake_costs_it() {
    let world = world().await;
    let (ada, session) = world.proven(ADA).await;
    let (app, _) = world.enrol_totp(&session).await;
    world.wait(31);
    let handle = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    let missing = world.confirm(&handle, &code, NEW).await.unwrap_err();
    assert_eq!(missing.code(), RECOVERY_FACTOR_REQUIRED);
    assert!(missing.detail().contains("totp"), "{missing:?}");
    let sms = SendRecoverySms {
        username: None,
        challenge_id: secret(&handle),
        sms_device_id: None,
    };
    let other = world
        .app
        .password_recovery
        .send_sms(sms, &home())
        .await
        .err()
        .unwrap();
    assert_eq!(other.code(), FACTOR_NOT_REQUIRED);
    let wrong = world.recovery_totp(&handle, "000000").await.unwrap_err();
    assert_eq!(wrong.code(), WRONG_CODE);
    assert!(
        world
            .recovery_totp(&handle, &world.totp(&app))
            .await
            .unwrap()
            .complete
    );
    world.wait(600);
    let mistyped = world.confirm(&handle, other_than(&code), NEW).await.unwrap_err();
    assert_eq!(mistyped.code(), WRONG_CODE);
    let weak = world
        .confirm(&handle, &code, "ada@example.com")
        .await
        .unwrap_err();
    assert_eq!(weak.code(), WEAK_PASSWORD);
    world.confirm(&handle, &code, NEW).await.unwrap();
    assert!(world.signs_in_with(ADA, NEW).await);
    let kinds = world.app.factors.enrolled.kinds(&ada.subject).await.unwrap();
    assert_eq!(kinds, [FactorKind::Totp], "factors stay");
}

#[tokio::test]
async fn a_recovery_code_stands_in_for_a_lost_device() {
    let world = world().await;
    let (_, session) = world.proven(ADA).await;
    let (_, codes) = world.enrol_totp(&session).await;
    world.wait(31);
    let handle = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    world.verify(&handle, &code).await.unwrap();
    let command = || ProveRecoveryCode {
        username: Some(ADA.parse().unwrap()),
        challenge_id: secret(&handle),
        factor: FactorKind::Totp,
        recovery_code: secret(&codes[0]),
    };
    let recovery = &world.app.password_recovery;
    assert!(
        recovery
            .prove_recovery_code(command(), &home())
            .await
            .unwrap()
            .complete
    );
    world.confirm(&handle, &code, NEW).await.unwrap();
    world.wait(31);
    let second = world.started(ADA).await;
    world
        .verify(&second, &world.newest_code(ADA).await)
        .await
        .unwrap();
    let used = ProveRecoveryCode {
        challenge_id: secret(&second),
        ..command()
    };
    let used = recovery.prove_recovery_code(used, &home()).await.unwrap_err();
    assert_eq!(used.code(), WRONG_CODE);
}

#[tokio::test]
async fn one_mailbox_is_not_asked_twice_and_other_channels_are_told() {
    let mut settings = Settings::default();
    settings.factors.require = Requirement::All;
    let world = world_with(settings).await;
    let (_, session) = world.proven(ADA).await;
    add_email(&world, &session, ADA).await;
    let handle = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    assert!(world.verify(&handle, &code).await.unwrap().complete);
    add_email(&world, &session, "second@example.com").await;
    add_phone(&world, &session).await;
    let progress = world.verify(&handle, &code).await.unwrap();
    assert_eq!(
        progress.factors.keys().copied().collect::<Vec<_>>(),
        [FactorKind::Sms, FactorKind::Email]
    );
    let methods: Vec<_> = progress
        .methods
        .iter()
        .filter_map(|method| method.sent_to.as_deref())
        .collect();
    assert_eq!(methods, ["+*********06", "s***@example.com"]);
    let command = SendRecoveryEmail {
        username: None,
        challenge_id: secret(&handle),
        email_device_id: None,
    };
    let sent = world
        .app
        .password_recovery
        .send_email(command, &home())
        .await
        .unwrap();
    assert_eq!(sent.sent_to, ["s***@example.com"]);
    let prove = |code: String| ProveSentCode {
        username: None,
        challenge_id: secret(&handle),
        code: secret(&code),
    };
    let recovery = &world.app.password_recovery;
    let email = prove(world.newest_code("second@example.com").await);
    recovery
        .prove_sent(FactorKind::Email, email, &home())
        .await
        .unwrap();
    let command = SendRecoverySms {
        username: None,
        challenge_id: secret(&handle),
        sms_device_id: None,
    };
    recovery.send_sms(command, &home()).await.unwrap();
    let sms = prove(world.newest_code(PHONE).await);
    assert!(
        recovery
            .prove_sent(FactorKind::Sms, sms, &home())
            .await
            .unwrap()
            .complete
    );
    world.confirm(&handle, &code, NEW).await.unwrap();
    for address in [ADA, "second@example.com", PHONE] {
        let told = world.newest_to(address).await.text;
        assert!(told.contains("A new password was set"), "{address}: {told}");
    }
}

async fn add_phone(world: &World, session: &SignedIn) {
    let command = AddPhone {
        phone_e164: PHONE.parse().unwrap(),
        label: None,
    };
    let begun = world.app.factors.add_phone(session, command).await.unwrap();
    let command = VerifyCode {
        challenge_id: secret(&begun.challenge_id),
        code: secret(&world.newest_code(PHONE).await),
    };
    world.app.factors.confirm_phone(session, command).await.unwrap();
}

async fn add_email(world: &World, session: &SignedIn, email: &str) {
    let command = AddEmail {
        email: email.parse().unwrap(),
        label: None,
    };
    let begun = world.app.factors.add_email(session, command).await.unwrap();
    let command = VerifyCode {
        challenge_id: secret(&begun.challenge_id),
        code: secret(&world.newest_code(email).await),
    };
    world.app.factors.confirm_email(session, command).await.unwrap();
    world.wait(31);
}

#[tokio::test]
async fn what_a_claimant_set_up_does_not_keep_out_who_proves_the_address() {
    let world = world().await;
    let claimant = world.sign_up(ADA).await;
    let session = world.session(&claimant).await;
    world.enrol_totp(&session).await;
    world.wait(31);
    let handle = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    assert!(world.verify(&handle, &code).await.unwrap().complete);
    world.confirm(&handle, &code, NEW).await.unwrap();
    assert_eq!(
        world.app.factors.enrolled.kinds(&claimant.subject).await.unwrap(),
        []
    );
    assert!(
        world
            .app
            .accounts
            .view(&claimant.subject)
            .await
            .unwrap()
            .is_none()
    );
    let ended = world
        .app
        .sessions
        .again(&session.session.id, &["x".to_owned()], session_transport(), None)
        .await;
    assert_eq!(ended.err().unwrap().code(), SESSION_ENDED);
}

#[tokio::test]
async fn a_recovery_and_a_sign_in_do_not_stand_in_for_each_other() {
    let world = world().await;
    let (ada, session) = world.proven(ADA).await;
    let (app, _) = world.enrol_totp(&session).await;
    world.wait(31);
    let handle = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    world.verify(&handle, &code).await.unwrap();
    let totp = VerifyTotp {
        challenge_id: secret(&handle),
        totp_code: secret(&world.totp(&app)),
        trust_device: None,
    };
    let crossed = world.app.challenges.verify_totp(&ada, totp).await.unwrap_err();
    assert_eq!(crossed.code(), WRONG_PURPOSE);
    let name = NameChallenge {
        challenge_id: secret(&handle),
    };
    let crossed = world.app.challenges.finalize(&ada, name).await.unwrap_err();
    assert_eq!(crossed.code(), WRONG_PURPOSE);
    let Started::Challenged(sign_in) = world
        .app
        .challenges
        .start(&ada, StartSession::default())
        .await
        .unwrap()
    else {
        unreachable!("a factor is enrolled")
    };
    let crossed = world
        .recovery_totp(&sign_in.challenge_id, &world.totp(&app))
        .await;
    assert_eq!(crossed.unwrap_err().code(), CHALLENGE_ENDED);
}
