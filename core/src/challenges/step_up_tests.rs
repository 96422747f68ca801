//! The renewal of a proof: when it is needed, and with what.

use super::tests::{totp, with_totp};
use super::*;
use crate::access::STEP_UP_REQUIRED;
use crate::accounts::WRONG_CREDENTIALS;
use crate::factors::AddTotp;
use crate::testing::{PASSWORD, secret, world};

#[tokio::test]
async fn an_old_proof_opens_nothing_sensitive_until_it_is_renewed() {
    let world = world().await;
    let (ada, app, _) = with_totp(&world).await;
    let challenge = world.challenge(&ada).await;
    let granted = world
        .app
        .challenges
        .verify_totp(&ada, totp(&challenge, &world.totp(&app)))
        .await
        .unwrap()
        .granted
        .unwrap();
    world.wait(601);
    let session = world.resumed(&granted).await;
    let refused = world
        .app
        .factors
        .add_totp(&session, AddTotp::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), STEP_UP_REQUIRED);
    let started = world
        .app
        .challenges
        .start_step_up(&session, StartStepUp::default())
        .await
        .unwrap();
    assert!(!started.password);
    let step_up = VerifyTotp {
        challenge_id: secret(&started.challenge_id.unwrap()),
        totp_code: secret(&world.totp(&app)),
        trust_device: None,
    };
    let progress = world.app.challenges.verify_totp(&ada, step_up).await.unwrap();
    assert!(progress.granted.is_none() && progress.step_up_until.is_some());
    let session = world.resumed(&granted).await;
    world
        .app
        .factors
        .add_totp(&session, AddTotp::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn without_factors_the_password_renews_the_proof() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let session = world.session(&ada).await;
    let password = |text| StepUpPassword {
        password: secret(text),
    };
    assert!(
        world
            .app
            .challenges
            .start_step_up(&session, StartStepUp::default())
            .await
            .unwrap()
            .password
    );
    let wrong = world
        .app
        .challenges
        .step_up_with_password(&session, password("wrong"))
        .await;
    assert_eq!(wrong.unwrap_err().code(), WRONG_CREDENTIALS);
    world
        .app
        .challenges
        .step_up_with_password(&session, password(PASSWORD))
        .await
        .unwrap();
    world.enrol_totp(&session).await;
    let refused = world
        .app
        .challenges
        .step_up_with_password(&session, password(PASSWORD))
        .await;
    assert_eq!(refused.unwrap_err().code(), STEP_UP_REQUIRED);
}
