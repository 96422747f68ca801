//! Removal of phone numbers, and the proofs that allow it.

use super::*;

#[tokio::test]
async fn the_only_number_is_removed_with_another_factor_or_a_recovery_code() {
    let world = world().await;
    let who = signed_in(&world).await;
    let device = enrol_phone(&world, &who, PHONE).await;
    let (app, _) = world.enrol_totp(&who).await;
    world.wait(30);
    let begun = world
        .app
        .factors
        .begin_phone_removal(&who, device.device.clone())
        .await
        .unwrap();
    assert!(begun.sent_to.is_empty());
    assert_eq!(begun.accepts, [ProofKind::Totp, ProofKind::Recovery]);
    let confirm = |code: &str, factor| ConfirmRemoval {
        challenge_id: secret(&begun.challenge_id),
        code: secret(code),
        factor: Some(factor),
    };
    let refused = world
        .app
        .factors
        .confirm_phone_removal(&who, confirm("123456", ProofKind::Sms))
        .await;
    assert_eq!(
        refused.unwrap_err().code(),
        crate::areas::challenges::FACTOR_NOT_REQUIRED
    );
    world
        .app
        .factors
        .confirm_phone_removal(&who, confirm(&world.totp(&app), ProofKind::Totp))
        .await
        .unwrap();
    assert!(world.app.factors.phones(&who).await.unwrap().is_empty());
    let left = world
        .app
        .recovery_codes
        .overview(who.subject())
        .await
        .unwrap()
        .factors;
    assert_eq!(
        left.iter().map(|status| status.factor).collect::<Vec<_>>(),
        [FactorKind::Totp]
    );
}

#[tokio::test]
async fn mistyped_codes_do_not_keep_a_recovery_code_from_removing_a_lost_device() {
    let world = world().await;
    let who = signed_in(&world).await;
    let device = enrol_phone(&world, &who, PHONE).await;
    let (_, app_codes) = world.enrol_totp(&who).await;
    let begun = world
        .app
        .factors
        .begin_phone_removal(&who, device.device.clone())
        .await
        .unwrap();
    let remove_phone = async |code: &str, factor| {
        let command = ConfirmRemoval {
            challenge_id: secret(&begun.challenge_id),
            code: secret(code),
            factor: Some(factor),
        };
        world.app.factors.confirm_phone_removal(&who, command).await
    };
    let app = world.app.factors.totp_devices(&who).await.unwrap().devices[0]
        .device_id
        .clone();
    let remove_app = async |totp: Option<&str>, recovery: Option<&str>| {
        let command = RemoveTotp {
            totp_code: totp.map(secret),
            recovery_code: recovery.map(secret),
        };
        world.app.factors.remove_totp(&who, app.clone(), command).await
    };
    for _ in 0..8 {
        let wrong = remove_phone("no code", ProofKind::Totp).await.unwrap_err();
        assert_eq!(wrong.code(), WRONG_CODE);
        assert_eq!(
            remove_app(Some("no code"), None).await.unwrap_err().code(),
            WRONG_CODE
        );
    }
    let refused = remove_phone("no code", ProofKind::Totp).await.unwrap_err();
    assert_eq!(refused.code(), TOO_MANY_ATTEMPTS);
    let refused = remove_app(Some("no code"), None).await.unwrap_err();
    assert_eq!(refused.code(), TOO_MANY_ATTEMPTS);
    for _ in 0..7 {
        let wrong = remove_phone("0000", ProofKind::Recovery).await.unwrap_err();
        assert_eq!(wrong.code(), WRONG_CODE);
    }
    remove_phone(&device.recovery_codes[0], ProofKind::Recovery)
        .await
        .unwrap();
    for _ in 0..7 {
        assert_eq!(
            remove_app(None, Some("0000")).await.unwrap_err().code(),
            WRONG_CODE
        );
    }
    remove_app(None, Some(&app_codes[0])).await.unwrap();
}

#[tokio::test]
async fn one_of_two_numbers_is_removed_with_a_code_to_the_other() {
    let world = world().await;
    let who = signed_in(&world).await;
    let first = enrol_phone(&world, &who, PHONE).await;
    enrol_phone(&world, &who, "+15005550007").await;
    world.wait(31);
    let begun = world
        .app
        .factors
        .begin_phone_removal(&who, first.device)
        .await
        .unwrap();
    assert_eq!(begun.sent_to, ["+*********07"]);
    let code = world.code_to("+15005550007").await;
    let command = ConfirmRemoval {
        challenge_id: secret(&begun.challenge_id),
        code: secret(&code),
        factor: None,
    };
    world
        .app
        .factors
        .confirm_phone_removal(&who, command)
        .await
        .unwrap();
    assert_eq!(world.app.factors.phones(&who).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_code_to_a_number_that_was_removed_removes_no_other() {
    let world = world().await;
    let who = signed_in(&world).await;
    let first = enrol_phone(&world, &who, PHONE).await.device;
    let stolen = enrol_phone(&world, &who, "+15005550007").await.device;
    let third = enrol_phone(&world, &who, "+15005550008").await.device;
    world.wait(31);
    let factors = &world.app.factors;
    let begun = factors.begin_phone_removal(&who, first).await.unwrap();
    let code = world.code_to("+15005550007").await;
    world.wait(31);
    let removal = factors.begin_phone_removal(&who, stolen).await.unwrap();
    let command = |challenge_id: &str, code: &str| ConfirmRemoval {
        challenge_id: secret(challenge_id),
        code: secret(code),
        factor: None,
    };
    let theirs = world.code_to("+15005550008").await;
    factors
        .confirm_phone_removal(&who, command(&removal.challenge_id, &theirs))
        .await
        .unwrap();
    let void = factors
        .confirm_phone_removal(&who, command(&begun.challenge_id, &code))
        .await
        .unwrap_err();
    assert_eq!(void.code(), WRONG_CODE);
    let left = factors.phones(&who).await.unwrap();
    assert_eq!(left.len(), 2);
    assert!(left.iter().any(|phone| phone.sms_device_id == third));
}

#[tokio::test]
async fn a_step_up_with_a_device_that_was_removed_opens_nothing() {
    let world = world().await;
    let owner = signed_in(&world).await;
    let first = world.enrol_totp(&owner).await;
    let begun = world
        .app
        .factors
        .add_totp(&owner, AddTotp::default())
        .await
        .unwrap();
    let command = ConfirmTotp {
        device_id: begun.device_id.clone(),
        totp_code: secret(&world.totp(&begun.secret)),
    };
    world.app.factors.confirm_totp(&owner, command).await.unwrap();
    world.wait(601);
    let started = world
        .app
        .challenges
        .start_step_up(&owner, crate::areas::challenges::StartStepUp::default())
        .await
        .unwrap();
    let command = crate::areas::challenges::VerifyTotp {
        challenge_id: secret(&started.challenge_id.unwrap()),
        totp_code: secret(&world.totp(&begun.secret)),
        trust_device: None,
    };
    let as_first = world.app.sessions.as_first_factor(&owner).await.unwrap();
    world
        .app
        .challenges
        .verify_totp(&as_first, command)
        .await
        .unwrap();
    let by = RemoveTotp {
        totp_code: Some(secret(&world.totp(&first.0))),
        recovery_code: None,
    };
    world
        .app
        .factors
        .remove_totp(&owner, begun.device_id, by)
        .await
        .unwrap();
    let refused = world.app.factors.add_totp(&owner, AddTotp::default()).await;
    assert_eq!(
        refused.err().unwrap().code(),
        crate::areas::step_up::STEP_UP_REQUIRED,
        "the proof went with its device"
    );
}

#[tokio::test]
async fn replaced_recovery_codes_count_in_no_session_but_the_one_that_replaced_them() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let (_, codes) = world.enrol_totp(&world.session(&ada).await).await;
    let signed_in_with = async |code: &str| {
        let command = crate::areas::challenges::UseRecoveryCode {
            challenge_id: secret(&world.challenge(&ada).await.challenge_id),
            recovery_code: secret(code),
        };
        let challenges = &world.app.challenges;
        let progress = challenges
            .use_recovery_code(&ada, FactorKind::Totp, command)
            .await;
        world.resumed(&progress.unwrap().granted.unwrap()).await
    };
    let owner = signed_in_with(&codes[0]).await;
    let thief = signed_in_with(&codes[1]).await;
    let replaced = world
        .app
        .factors
        .regenerate_recovery_codes(&owner, FactorKind::Totp);
    replaced.await.unwrap();
    let factors = &world.app.factors;
    factors.add_totp(&owner, AddTotp::default()).await.unwrap();
    let refused = factors.add_totp(&thief, AddTotp::default()).await;
    assert_eq!(
        refused.err().unwrap().code(),
        crate::areas::step_up::STEP_UP_REQUIRED
    );
}
