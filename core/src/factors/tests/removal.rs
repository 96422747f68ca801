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
        crate::challenges::FACTOR_NOT_REQUIRED
    );
    world
        .app
        .factors
        .confirm_phone_removal(&who, confirm(&world.totp(&app), ProofKind::Totp))
        .await
        .unwrap();
    assert!(world.app.factors.phones(&who).await.unwrap().is_empty());
    let left = world.app.recovery_codes.overview(&who).await.unwrap().factors;
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
