//! Proofs of devices that were removed, and of recovery codes that were replaced.

use super::*;

#[tokio::test]
async fn a_proof_of_a_device_is_void_once_the_device_is_removed() {
    let world = world().await;
    let open = world.recovering().await;
    let (stolen, secret_of_stolen) = world.second_app(&open.session).await;
    let proven = world
        .recovery_totp(&open.handle, &world.totp(&secret_of_stolen))
        .await;
    assert!(proven.unwrap().complete);
    world.remove_app(&open.session, stolen).await;
    let refused = world.confirm(&open.handle, &open.code, NEW).await.unwrap_err();
    assert_eq!(refused.code(), RECOVERY_FACTOR_REQUIRED);
    let progress = world.verify(&open.handle, &open.code).await.unwrap();
    assert_eq!(progress.remaining, [FactorKind::Totp], "it is asked for again");
    world.wait(31);
    world
        .recovery_totp(&open.handle, &world.totp(&open.app))
        .await
        .unwrap();
    world.confirm(&open.handle, &open.code, NEW).await.unwrap();
}

#[tokio::test]
async fn a_removal_in_the_middle_of_a_confirmation_wins_or_comes_too_late() {
    for round in 0..8 {
        let world = world().await;
        let open = world.recovering().await;
        let (stolen, secret_of_stolen) = world.second_app(&open.session).await;
        let code = world.totp(&secret_of_stolen);
        world.recovery_totp(&open.handle, &code).await.unwrap();
        let remove = async {
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            let command = RemoveTotp {
                totp_code: None,
                recovery_code: None,
            };
            world
                .app
                .factors
                .remove_totp(&open.session, stolen.clone(), command)
                .await
        };
        let confirm = world.confirm(&open.handle, &open.code, NEW);
        let (removed, confirmed) = futures_util::join!(remove, confirm);
        assert!(
            removed.is_err() || confirmed.is_err(),
            "{removed:?} {confirmed:?}"
        );
    }
}

#[tokio::test]
async fn a_proof_by_recovery_code_is_void_once_its_set_is_replaced() {
    let world = world().await;
    let open = world.recovering().await;
    assert!(
        world
            .recovery_by_code(&open.handle, &open.codes[0])
            .await
            .unwrap()
            .complete
    );
    let fresh = world
        .app
        .factors
        .regenerate_recovery_codes(&open.session, FactorKind::Totp)
        .await
        .unwrap();
    let refused = world.confirm(&open.handle, &open.code, NEW).await.unwrap_err();
    assert_eq!(refused.code(), RECOVERY_FACTOR_REQUIRED);
    world
        .recovery_by_code(&open.handle, &fresh.recovery_codes[0])
        .await
        .unwrap();
    world.confirm(&open.handle, &open.code, NEW).await.unwrap();
}

#[tokio::test]
async fn a_sign_in_is_not_completed_by_the_proof_of_a_removed_device() {
    let mut settings = Settings::default();
    settings.factors.require = Requirement::All;
    let world = world_with(settings).await;
    let (who, session) = world.proven(ADA).await;
    let (app, codes) = world.enrol_totp(&session).await;
    world.wait(31);
    let (stolen, secret_of_stolen) = world.second_app(&session).await;
    let added = world.add_contact(&session, "second@example.com").await;
    let by_app = |challenge_id: &str, code: String| VerifyTotp {
        challenge_id: secret(challenge_id),
        totp_code: secret(&code),
        trust_device: None,
    };
    let by_mail = async |challenge_id: &str| {
        let command = SendEmailCode {
            challenge_id: secret(challenge_id),
            email_device_id: Some(added.clone()),
        };
        world.app.challenges.send_email(&who, command).await.unwrap();
        let command = crate::areas::challenges::VerifySentCode {
            challenge_id: secret(challenge_id),
            code: secret(&world.newest_code("second@example.com").await),
            trust_device: None,
        };
        world.app.challenges.verify_email(&who, command).await.unwrap()
    };
    let challenge = world.challenge(&who).await.challenge_id;
    let proof = by_app(&challenge, world.totp(&secret_of_stolen));
    world.app.challenges.verify_totp(&who, proof).await.unwrap();
    world.remove_app(&session, stolen).await;
    let progress = by_mail(&challenge).await;
    assert!(progress.granted.is_none());
    assert_eq!(progress.remaining, [FactorKind::Totp]);
    world.wait(31);
    let proof = by_app(&challenge, world.totp(&app));
    let progress = world.app.challenges.verify_totp(&who, proof).await.unwrap();
    assert!(progress.granted.is_some());

    let challenge = world.challenge(&who).await.challenge_id;
    let command = UseRecoveryCode {
        challenge_id: secret(&challenge),
        recovery_code: secret(&codes[0]),
    };
    world
        .app
        .challenges
        .use_recovery_code(&who, FactorKind::Totp, command)
        .await
        .unwrap();
    world
        .app
        .factors
        .regenerate_recovery_codes(&session, FactorKind::Totp)
        .await
        .unwrap();
    let progress = by_mail(&challenge).await;
    assert!(progress.granted.is_none(), "nor by a code of a replaced set");
}
